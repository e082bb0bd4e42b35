/** What the public events of a restaurant, `menu.{id}`, change: of the restaurant itself, and of its menu. */
import type { LiveEvent } from "../live";
import type { Schemas } from "./api";

export type Restaurant = Schemas["RestaurantView"];
export type Category = Schemas["CategoryView"];
export type MenuItem = Schemas["MenuItemView"];

export interface Menu<R extends Restaurant = Restaurant> {
  restaurant: R;
  categories: Category[];
  items: MenuItem[];
}

/** The menu after an event. */
export function applyToMenu<R extends Restaurant>(menu: Menu<R>, event: LiveEvent): Menu<R> {
  switch (event.type) {
    case "category.changed":
      return { ...menu, categories: upsert(menu.categories, event.data.category) };
    case "category.removed":
      return { ...menu, categories: menu.categories.filter((one) => one.id !== event.data.category_id) };
    case "menu_item.changed":
      return { ...menu, items: upsert(menu.items, event.data.item) };
    case "menu_item.removed":
      return { ...menu, items: menu.items.filter((one) => one.id !== event.data.menu_item_id) };
    case "menu_item.sold_out": {
      const { menu_item_id, sold_out, sold_out_until } = event.data;
      const items = menu.items.map((one) => (one.id === menu_item_id ? { ...one, sold_out, sold_out_until } : one));
      return { ...menu, items };
    }
    default:
      return { ...menu, restaurant: { ...menu.restaurant, ...changeOf(event) } };
  }
}

/** What an event changes of the restaurant itself. */
export function changeOf(event: LiveEvent): Partial<Restaurant> {
  switch (event.type) {
    case "restaurant.changed":
    case "restaurant.unpublished":
      return event.data.restaurant;
    case "restaurant.paused": {
      const { paused_until, paused_indefinitely, version } = event.data;
      return { paused_until, paused_indefinitely, version };
    }
    case "restaurant.resumed":
      return { paused_until: null, paused_indefinitely: false, version: event.data.version };
    case "restaurant.busy":
      return { busy_extra_minutes: event.data.busy_extra_minutes, version: event.data.version };
    default:
      return {};
  }
}

function upsert<T extends { id: string; sort_order: number }>(all: readonly T[], changed: T): T[] {
  return [...all.filter((one) => one.id !== changed.id), changed].sort((a, b) => a.sort_order - b.sort_order);
}

/** `now` in Unix milliseconds. A pause that runs out by itself makes no event. */
export function isPaused(restaurant: Restaurant, now: number): boolean {
  const { paused_until, paused_indefinitely } = restaurant;
  return paused_indefinitely || (paused_until !== null && Date.parse(paused_until) > now);
}

export function isSoldOut(item: MenuItem, now: number): boolean {
  return item.sold_out && (item.sold_out_until === null || Date.parse(item.sold_out_until) > now);
}
