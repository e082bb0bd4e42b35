/** An order as a live resource, and its way as steps. */
import { api, ask, loadable, type Schemas } from "../../app/api";
import type { LiveEvent, Snapshot } from "../../live";
import type { ResourceOptions } from "../../live/resource";

export type Order = Schemas["OrderView"];
export type OrderState = Order["state"];
type Transition = Order["history"][number];

/** The way of an order that goes well. */
const WAY: readonly OrderState[] = ["placed", "confirmed", "preparing", "ready", "picked_up", "delivered"];
const FAILED: ReadonlySet<OrderState> = new Set(["rejected", "expired", "cancelled", "failed"]);

export function orderOf(id: string): ResourceOptions<Order> {
  return { topic: `order.${id}`, load: () => load(id), apply };
}

async function load(id: string): Promise<Snapshot<Order>> {
  const order = await loadable(ask(api.GET("/v1/orders/{order_id}", { params: { path: { order_id: id } } })));
  return { state: order, position: order.position ?? "" };
}

/** From the restaurant's word on, until it is over: somebody may bring it. */
export function isUnderWay(state: OrderState): boolean {
  return WAY.indexOf(state) > 0 && !isOver(state);
}

function apply(order: Order, event: LiveEvent): Order {
  if (event.type === "order.eta_changed") return { ...order, eta_at: event.data.eta_at };
  if (!isTransition(event)) return order;
  const { state, at, by, reason, ready_at, eta_at, ended_at } = event.data;
  return { ...order, state, ready_at, eta_at, ended_at, history: [...order.history, { state, at, by, reason }] };
}

/** What couriers do is told on the same topic, and is no transition. */
function isTransition(event: LiveEvent): event is LiveEvent<"order.placed"> {
  return event.type.startsWith("order.") && "state" in event.data;
}

export interface Step {
  state: OrderState;
  /** when it was reached, and who did it; undefined: not yet */
  done: Transition | undefined;
  current: boolean;
}

/** What has happened and, while all is well, what will. A step may be skipped (ready without "preparing"). */
export function stepsOf(order: Order): Step[] {
  const reached = new Map(order.history.map((transition) => [transition.state, transition]));
  const over = hasFailed(order.state);
  const last = order.history.at(-1)?.state ?? order.state;
  const past = WAY.indexOf(order.state);
  const steps = over
    ? order.history.map((transition) => transition.state)
    : WAY.filter((state, at) => reached.has(state) || at > past);
  return steps.map((state) => ({ state, done: reached.get(state), current: state === last }));
}

export function hasFailed(state: OrderState): boolean {
  return FAILED.has(state);
}

export function isOver(state: OrderState): boolean {
  return state === "delivered" || hasFailed(state);
}
