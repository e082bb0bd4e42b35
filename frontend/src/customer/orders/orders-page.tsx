/** The account's orders: those under way first, and everything before. */
import { useEffect } from "preact/hooks";
import { accountId } from "../../app/session";
import { clock, day, money, t } from "../../i18n";
import { useAction } from "../../ui/hooks";
import { LogIn } from "../../ui/log-in";
import { history, loadOlder, type Summary } from "./history";
import { hasFailed, isOver } from "./order";
import { ReorderButton } from "./reorder";

export function OrdersPage() {
  useEffect(() => void (document.title = `${t("orders.title")} · Tiffin`), []);
  return (
    <main id="content" class="stack narrow">
      <h1>{t("orders.title")}</h1>
      {accountId.value ? (
        <List />
      ) : (
        <>
          <p>{t("orders.logIn")}</p>
          <LogIn mayRegister />
        </>
      )}
    </main>
  );
}

function List() {
  const older = useAction(loadOlder);
  const { value } = history;
  if (!value) return <div class="skeleton" role="status" aria-label={t("loading")} />;
  if (value.orders.length === 0) return <p class="empty">{t("orders.none")}</p>;
  const active = value.orders.filter((order) => !isOver(order.state));
  const past = value.orders.filter((order) => isOver(order.state));
  return (
    <>
      <Group title={t("orders.active")} orders={active} />
      <Group title={t("orders.past")} orders={past} />
      {value.next && (
        <button disabled={older.busy} onClick={() => void older.run()}>
          {t("orders.more")}
        </button>
      )}
    </>
  );
}

function Group({ title, orders }: { title: string; orders: Summary[] }) {
  if (orders.length === 0) return null;
  return (
    <section class="stack" aria-label={title}>
      <h2>{title}</h2>
      <ul class="stack">
        {orders.map((order) => (
          <li key={order.order_id} class="card order-card">
            <OrderCard order={order} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OrderCard({ order }: { order: Summary }) {
  const over = isOver(order.state);
  const kind = hasFailed(order.state) ? "bad" : over ? "" : "good";
  return (
    <>
      <div class="row wrap">
        <h3 class="grow">
          <a href={`/orders/${order.order_id}`}>{order.restaurant_name}</a>
        </h3>
        <span class={`badge ${kind}`}>{t(`order.${order.state}`)}</span>
      </div>
      <div class="row wrap">
        <p class="quiet small grow">
          {order.number} · {day(order.placed_at)} · {money(order.total_minor, order.currency)}
        </p>
        {over ? (
          <ReorderButton orderId={order.order_id} name={order.restaurant_name} />
        ) : (
          <strong>{t("order.arrives", { time: clock(order.eta_at) })}</strong>
        )}
      </div>
    </>
  );
}
