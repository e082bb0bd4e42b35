/** One order, followed live: where it stands, when it comes, who did what. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import { api, ask } from "../../app/api";
import { clock, t, tOr } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { useDisconnected } from "../../ui/connection";
import { useAction, useResource } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { minutesUntil } from "../../ui/time";
import { BillLines, BillSums } from "../bill";
import { NotFound } from "../not-found";
import { CourierCard } from "./courier-card";
import { useDelivery } from "./delivery";
import { hasFailed, isOver, type Order, orderOf, type Step, stepsOf } from "./order";
import { OrderMap } from "./order-map";
import { Receipt } from "./receipt";
import { ReorderButton } from "./reorder";

export function OrderPage() {
  const { params } = useRoute();
  const order = useResource(orderOf(params["id"] ?? ""));
  const { value } = order.value;
  if (order.status.value === "failed" || order.status.value === "forbidden")
    return <NotFound text={t("order.notFound")} />;
  if (!value)
    return (
      <main id="content">
        <div class="skeleton" role="status" aria-label={t("loading")} />
      </main>
    );
  return <Followed order={value} live={order.status.value === "live"} />;
}

function Followed({ order, live }: { order: Order; live: boolean }) {
  const { state } = order;
  const delivery = useDelivery(order);
  useEffect(() => void (document.title = `${t(`order.${state}`)} · ${order.number}`), [state, order.number]);
  return (
    <main id="content" class="order" data-state={state}>
      <div class="stack order-head">
        <Now order={order} live={live} />
        {delivery && <CourierCard delivery={delivery} />}
      </div>
      <OrderMap order={order} delivery={delivery} />
      <div class="stack order-steps">
        <section class="card" aria-label={t("order.steps")}>
          <ol class="steps">
            {stepsOf(order).map((step) => (
              <StepLine key={step.state} step={step} />
            ))}
          </ol>
        </section>
        <Actions order={order} />
      </div>
      <section class="card order-bill" aria-label={t("order.bill")}>
        <h2>{t("order.bill")}</h2>
        <BillLines bill={order.bill} />
        <BillSums bill={order.bill} />
        <p class="quiet small">
          {t("order.to")} {order.destination.street}, {order.destination.city}
        </p>
      </section>
    </main>
  );
}

function Now({ order, live }: { order: Order; live: boolean }) {
  const failed = hasFailed(order.state);
  const reason = order.history.at(-1)?.reason ?? "";
  return (
    <section class="card order-now" data-failed={failed}>
      <p class="quiet small row">
        <span class="grow">
          {t("order.title", { number: order.number })} {t("order.from", { name: order.restaurant.name })}
        </span>
        {!isOver(order.state) && <LiveMark live={live} />}
      </p>
      <h1 aria-live="polite">
        {failed ? t(`order.${order.state}`) : tOr(`order.now.${order.state}`, t(`order.${order.state}`))}
      </h1>
      {failed && reason && <p>{reasonText(reason)}</p>}
      {failed && <p>{t("order.notCharged")}</p>}
      {!isOver(order.state) && <Arrival order={order} />}
    </section>
  );
}

/** A reason is a code of the kitchen, with or without words of its own, or free text. */
function reasonText(reason: string): string {
  const [code = "", ...rest] = reason.split(": ");
  const words = tOr(`order.reason.${code}`, reason);
  return rest.length > 0 && words !== reason ? `${words} ${rest.join(": ")}` : words;
}

function LiveMark({ live }: { live: boolean }) {
  const lost = useDisconnected();
  return (
    <span class="row live-mark" title={t("order.live")}>
      <span class={live || !lost ? "dot on" : "dot"} />
      {t("connection.live")}
    </span>
  );
}

function Arrival({ order }: { order: Order }) {
  const minutes = minutesUntil(order.eta_at);
  return (
    <p class="arrival">
      <Icon name="clock" />
      <span>
        {t("order.arrives", { time: clock(order.eta_at) })}
        {", "}
        <strong>{minutes > 0 ? t("order.inMinutes", { count: minutes }) : t("order.soon")}</strong>
      </span>
    </p>
  );
}

function StepLine({ step }: { step: Step }) {
  const { state, done, current } = step;
  const kind = !done ? "ahead" : hasFailed(state) ? "failed" : current ? "current" : "done";
  return (
    <li class="step" data-kind={kind} aria-current={current ? "step" : undefined}>
      <span class="step-mark">{done && <Icon name={hasFailed(state) ? "close" : "check"} size={16} />}</span>
      <span class="grow">
        {t(`order.${state}`)}
        {done && <span class="quiet small block">{t(`order.by.${done.by}`)}</span>}
      </span>
      {done && <time class="number quiet">{clock(done.at)}</time>}
    </li>
  );
}

function Actions({ order }: { order: Order }) {
  const asking = useSignal<"cancel" | "receipt" | null>(null);
  const close = () => (asking.value = null);
  return (
    <div class="row wrap">
      {order.state === "placed" && (
        <button class="danger" onClick={() => (asking.value = "cancel")}>
          {t("order.cancel")}
        </button>
      )}
      {order.state === "delivered" && (
        <button onClick={() => (asking.value = "receipt")}>
          <Icon name="receipt" />
          {t("order.receipt")}
        </button>
      )}
      <a class="button" href={`/help?order=${order.order_id}`}>
        <Icon name="chat" /> {t("help.withOrder")}
      </a>
      {isOver(order.state) && <ReorderButton orderId={order.order_id} name={order.restaurant.name} />}
      {asking.value === "cancel" && order.state === "placed" && <CancelDialog order={order} onClose={close} />}
      {asking.value === "receipt" && <Receipt orderId={order.order_id} onClose={close} />}
    </div>
  );
}

function CancelDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const cancel = useAction(async (reason: string) => {
    const params = { path: { order_id: order.order_id } };
    await ask(api.POST("/v1/orders/{order_id}/cancel", { params, body: { reason } }));
    onClose();
  });
  return (
    <Dialog title={t("order.cancelWhy")} onClose={onClose}>
      {(["changed", "wrong", "slow"] as const).map((why) => (
        <button key={why} disabled={cancel.busy} onClick={() => void cancel.run(t(`order.cancelReason.${why}`))}>
          {t(`order.cancelReason.${why}`)}
        </button>
      ))}
      <button class="plain" onClick={onClose}>
        {t("order.keep")}
      </button>
    </Dialog>
  );
}
