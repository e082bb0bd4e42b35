/** One upload, live. */
import { api, ask, loadable } from "../app/api";
import type { ResourceOptions } from "../live/resource";
import { applyToImage, type ImageView } from "./image";

export function imageOf(id: string): ResourceOptions<ImageView> {
  return {
    topic: `image.${id}`,
    load: async () => {
      const view = await loadable(ask(api.GET("/v1/images/{image_id}", { params: { path: { image_id: id } } })));
      return { state: view, position: view.position ?? "" };
    },
    apply: applyToImage,
  };
}
