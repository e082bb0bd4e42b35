/** Who is connected to the board, live. */
import { api, ask, loadable, type Schemas } from "../app/api";
import type { ResourceOptions } from "../live/resource";

export type Present = Schemas["PresentView"];

export function presenceOf(id: string): ResourceOptions<Present[]> {
  return {
    topic: `presence.${id}`,
    load: async () => {
      const params = { path: { restaurant_id: id } };
      const { present, position } = await loadable(
        ask(api.GET("/v1/restaurants/{restaurant_id}/presence", { params })),
      );
      return { state: present, position };
    },
    apply: (state, event) => (event.type === "presence.changed" ? event.data.present : state),
  };
}
