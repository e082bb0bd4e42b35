/** A restaurant's menu as a live resource: sold out, prices, pauses and busy show within a second. */
import { api, ask, loadable } from "../../app/api";
import { applyToMenu, type Menu } from "../../app/menu";
import type { ResourceOptions } from "../../live/resource";
import type { Restaurant } from "../home/restaurants";

export function menuOf(id: string): ResourceOptions<Menu<Restaurant>> {
  return {
    topic: `menu.${id}`,
    load: async () => {
      const params = { path: { restaurant_id: id } };
      const menu = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}/menu", { params })));
      // read after the menu's position: what happened between is in it, and once more in the events
      const restaurant = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}", { params })));
      return { state: { restaurant, categories: menu.categories, items: menu.items }, position: menu.position };
    },
    apply: applyToMenu,
  };
}
