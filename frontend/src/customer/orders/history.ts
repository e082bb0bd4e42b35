/** The account's orders, kept true by its own topic, for the list and for the count in the head of every page. */
import { computed, effect, signal } from "@preact/signals";
import { api, ask, loadable, type Schemas } from "../../app/api";
import { accountId, live } from "../../app/session";
import { t } from "../../i18n";
import { Resource } from "../../live";
import { toast } from "../../ui/toast";
import { isOver } from "./order";

export type Summary = Schemas["OrderSummary"];

interface History {
  orders: Summary[];
  next: string | null;
}

const PAGE = 20;
const resource = signal<Resource<History> | undefined>(undefined);

export const history = computed(() => resource.value?.value.value);
export const historyFailed = computed(() => resource.value?.status.value === "failed");
export const activeCount = computed(() => history.value?.orders.filter((order) => !isOver(order.state)).length ?? 0);

/** Follow the orders of whoever is logged in. Call once, after `begin`. */
export function followHistory(): void {
  effect(() => {
    const id = accountId.value;
    resource.peek()?.stop();
    resource.value = id ? historyOf(id) : undefined;
  });
}

/** Load the next, older page. */
export async function loadOlder(): Promise<void> {
  const cursor = history.peek()?.next;
  if (!cursor) return;
  const page = await ask(api.GET("/v1/orders", { params: { query: { limit: PAGE, cursor } } }));
  resource.peek()?.patch(({ orders }) => {
    const known = new Set(orders.map((order) => order.order_id));
    const older = page.items.filter((order) => !known.has(order.order_id));
    return { orders: [...orders, ...older], next: page.next_cursor ?? null };
  });
}

function historyOf(id: string): Resource<History> {
  return new Resource<History>(live(), {
    topic: `user.${id}`,
    // the position first: what happens between the two is in the list, and once more in the events
    load: async () => {
      const { position } = await loadable(ask(api.GET("/v1/profile")));
      const page = await loadable(ask(api.GET("/v1/orders", { params: { query: { limit: PAGE } } })));
      return { position, state: { orders: page.items, next: page.next_cursor ?? null } };
    },
    apply: (state, event) => {
      if (event.type !== "order.changed") return state;
      const { order } = event.data;
      tell(order);
      const at = state.orders.findIndex((one) => one.order_id === order.order_id);
      const orders = at === -1 ? [order, ...state.orders] : state.orders.with(at, order);
      return { ...state, orders };
    },
  });
}

/** Say what happened to an order, unless its own page is open and says it. */
function tell(order: Summary): void {
  if (location.pathname === `/orders/${order.order_id}` || order.state === "placed") return;
  toast(t("orders.arrived", { name: order.restaurant_name, state: t(`order.${order.state}`) }));
}
