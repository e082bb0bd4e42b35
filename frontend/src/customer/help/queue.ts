/** The places in line. They say nothing about who waits. */
import { api, ask, loadable } from "../../app/api";
import type { ResourceOptions } from "../../live/resource";

export interface Queue {
  waiting: readonly number[];
  total: number;
}

export const queue: ResourceOptions<Queue> = {
  topic: "support.queue",
  load: async () => {
    const { position, ...state } = await loadable(ask(api.GET("/v1/support/queue")));
    return { position, state };
  },
  apply: (state, event) => (event.type === "queue.changed" ? event.data.queue : state),
};
