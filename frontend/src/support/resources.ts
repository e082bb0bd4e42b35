/** The desk, live: the own conversations by `agent.{id}`, the queue and the colleagues by `support.desk`. */
import { api, ask, loadable } from "../app/api";
import type { ResourceOptions } from "../live/resource";
import { applyToFloor, applyToMine, type Floor, type Mine } from "./desk";

export function mineOf(accountId: string): ResourceOptions<Mine> {
  return {
    topic: `agent.${accountId}`,
    load: async () => {
      const desk = await loadable(ask(api.GET("/v1/support/desk")));
      return { position: desk.agent_position, state: { me: desk.me, conversations: desk.conversations, left: null } };
    },
    apply: applyToMine,
  };
}

export const floor: ResourceOptions<Floor> = {
  topic: "support.desk",
  load: async () => {
    const desk = await loadable(ask(api.GET("/v1/support/desk")));
    const state = { waiting: desk.waiting, total: desk.total_waiting, agents: desk.agents };
    return { position: desk.desk_position, state };
  },
  apply: applyToFloor,
};
