/** One order: where to, what is in the bag, and the next step as one big button. */
import { clock, money, t, tOr } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { Icon } from "../ui/icons";
import { advance, dismiss, problems, steps } from "./actions";
import { asking } from "./asking";
import type { Assignment, Standing } from "./standing";

interface AssignmentCardProps {
  me: Resource<Standing>;
  assignment: Assignment;
  /** the way to it is shown */
  isCurrent: boolean;
  onChoose: () => void;
}

export function AssignmentCard({ me, assignment, isCurrent, onChoose }: AssignmentCardProps) {
  const { order_id, number, state, restaurant, destination, customer_name } = assignment;
  const onBoard = state === "on_board";
  return (
    <article
      class="card assignment"
      data-order={order_id}
      data-state={state}
      aria-label={t("courier.order", { number })}
    >
      <header class="row">
        <Icon name={onBoard ? "home" : "pot"} size={28} />
        <h2 class="grow">{onBoard ? customer_name : restaurant.name}</h2>
        <span class="badge number">{number}</span>
      </header>
      <p>{onBoard ? `${destination.street}, ${destination.city}` : restaurant.address}</p>
      {onBoard && destination.note && <p class="wish">{destination.note}</p>}
      <Waiting orderId={order_id} />
      <Trouble orderId={order_id} />
      <NextStep me={me} assignment={assignment} />
      {!isCurrent && (
        <button onClick={onChoose}>
          <Icon name="map" />
          {t("courier.showWay")}
        </button>
      )}
      <Bag assignment={assignment} />
      <button
        class="plain aside"
        onClick={() => (asking.value = { orderId: order_id, what: onBoard ? "fail" : "giveBack" })}
      >
        {t(onBoard ? "courier.fail" : "courier.giveBack")}
      </button>
    </article>
  );
}

function NextStep({ me, assignment }: { me: Resource<Standing>; assignment: Assignment }) {
  const { order_id, state, order_state, ready_at } = assignment;
  if (state === "on_board")
    return (
      <button
        class="primary step"
        disabled={steps.value.get(order_id)?.includes("delivered")}
        onClick={() => (asking.value = { orderId: order_id, what: "code" })}
      >
        {t("courier.step.delivered")}
      </button>
    );
  if (state !== "arrived")
    return (
      <button class="primary step" onClick={() => void advance(me, assignment, "arrived")}>
        {t("courier.step.arrived")}
      </button>
    );
  const isReady = order_state === "ready" || order_state === "picked_up";
  return (
    <>
      {!isReady && (
        <p class="note" role="status">
          {t("courier.notReady", { time: clock(ready_at) })}
        </p>
      )}
      <button class="primary step" disabled={!isReady} onClick={() => void advance(me, assignment, "picked_up")}>
        {t("courier.step.picked_up")}
      </button>
    </>
  );
}

/** Told while what a person has pressed cannot be sent. */
function Waiting({ orderId }: { orderId: string }) {
  const disconnected = useDisconnected();
  if (!disconnected || !steps.value.has(orderId)) return null;
  return (
    <p class="note" role="status">
      {t("courier.waitsForConnection")}
    </p>
  );
}

function Trouble({ orderId }: { orderId: string }) {
  const problem = problems.value.get(orderId);
  if (!problem || asking.value?.what === "code") return null;
  return (
    <p class="note bad row" role="alert">
      <span class="grow">{problem}</span>
      <button class="plain" aria-label={t("action.close")} onClick={() => dismiss(orderId)}>
        <Icon name="close" />
      </button>
    </p>
  );
}

/** What should be in the bag, whom it is for, and what is to be paid. */
function Bag({ assignment }: { assignment: Assignment }) {
  const { lines, note, customer_name, destination, restaurant, state, total_minor, currency, paid_by } = assignment;
  const other = state === "on_board" ? restaurant.name : `${customer_name}, ${destination.street}`;
  return (
    <div class="bag">
      <ul>
        {lines.map(({ quantity, name }, at) => (
          <li key={at}>
            <strong class="number">{quantity} ×</strong> {name}
          </li>
        ))}
      </ul>
      {note && <p class="wish">{note}</p>}
      <p class="quiet small">
        {t(state === "on_board" ? "courier.from" : "courier.for", { name: other })} · {money(total_minor, currency)} ·{" "}
        {tOr(`courier.paid.${paid_by}`, paid_by)}
      </p>
    </div>
  );
}
