/** The restaurant and its menu, for its own people: sold out, pause and busy, live on every device. */
import { api, ask, loadable } from "../app/api";
import { applyToMenu, type Menu } from "../app/menu";
import type { ResourceOptions } from "../live/resource";

export function menuOf(id: string): ResourceOptions<Menu> {
  return {
    topic: `menu.${id}`,
    load: async () => {
      const params = { path: { restaurant_id: id } };
      const menu = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}/menu", { params })));
      return { state: menu, position: menu.position };
    },
    apply: applyToMenu,
  };
}
