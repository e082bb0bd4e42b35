/** A restaurant's menu as a live resource: sold out, prices, pauses and busy show within a second. */
import { api, ask, loadable, type Schemas } from "../../app/api";
import type { LiveEvent, Snapshot } from "../../live";
import type { ResourceOptions } from "../../live/resource";
import { changeOf, type Restaurant } from "../home/restaurants";

export type Category = Schemas["CategoryView"];
export type MenuItem = Schemas["MenuItemView"];

export interface Menu {
  restaurant: Restaurant;
  categories: Category[];
  items: MenuItem[];
}

export function menuOf(id: string): ResourceOptions<Menu> {
  return { topic: `menu.${id}`, load: () => load(id), apply };
}

async function load(id: string): Promise<Snapshot<Menu>> {
  const params = { path: { restaurant_id: id } };
  const menu = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}/menu", { params })));
  // read after the menu's position: what happened between is in it, and once more in the events
  const restaurant = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}", { params })));
  return { state: { restaurant, categories: menu.categories, items: menu.items }, position: menu.position };
}

function apply(menu: Menu, event: LiveEvent): Menu {
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
    default: {
      const change = changeOf(event);
      return change ? { ...menu, restaurant: { ...menu.restaurant, ...change(menu.restaurant) } } : menu;
    }
  }
}

function upsert<T extends { id: string; sort_order: number }>(all: readonly T[], changed: T): T[] {
  const others = all.filter((one) => one.id !== changed.id);
  return [...others, changed].sort((a, b) => a.sort_order - b.sort_order);
}

export function isSoldOut(item: MenuItem, now: number): boolean {
  return item.sold_out && (item.sold_out_until === null || Date.parse(item.sold_out_until) > now);
}
