/** An agent's desk: the own conversations, the queue and the colleagues, and what is shown of them. No I/O. */
import type { Schemas } from "../app/api";
import type { Conversation } from "../chat/chat";
import type { LiveEvent } from "../live";

export type Agent = Schemas["AgentView"];
export type Waiting = Schemas["WaitingView"];
export type Order = Schemas["OrderSummary"];
export type Note = Schemas["NoteView"];
export type CannedAnswer = Schemas["CannedAnswerView"];
export type LeftReason = "resolved" | "transferred" | "released";

export interface Mine {
  me: Agent;
  /** in the order in which they came */
  conversations: readonly Conversation[];
  /** the last one that went, and why */
  left: { id: string; reason: LeftReason } | null;
}

export interface Floor {
  waiting: readonly Waiting[];
  total: number;
  agents: readonly Agent[];
}

export function applyToMine(mine: Mine, event: LiveEvent): Mine {
  switch (event.type) {
    case "agent.conversation_taken": {
      const { conversation } = event.data;
      const others = without(mine.conversations, conversation.conversation_id);
      return { ...mine, conversations: [...others, conversation] };
    }
    case "agent.conversation_left": {
      const { conversation_id: id, reason } = event.data;
      return { ...mine, conversations: without(mine.conversations, id), left: { id, reason } };
    }
    case "agent.changed":
      return { ...mine, me: event.data.agent };
    default:
      return mine;
  }
}

function without(conversations: readonly Conversation[], id: string): Conversation[] {
  return conversations.filter((one) => one.conversation_id !== id);
}

export function applyToFloor(state: Floor, event: LiveEvent): Floor {
  if (event.type === "desk.queue_changed")
    return { ...state, waiting: event.data.waiting, total: event.data.total_waiting };
  if (event.type !== "agent.changed") return state;
  const { agent } = event.data;
  const others = state.agents.filter((one) => one.account_id !== agent.account_id);
  const isHere = agent.connected || agent.load > 0;
  const agents = isHere ? [...others, agent].toSorted((one, other) => one.name.localeCompare(other.name)) : others;
  return { ...state, agents };
}

/** Who may be handed one more. */
export function withRoom(agents: readonly Agent[], me: string): Agent[] {
  return agents.filter((one) => one.account_id !== me && one.available && one.connected && one.load < one.capacity);
}

/** The columns after one more conversation is to be seen: a free one, else the one that was left longest ago. */
export function opened(columns: readonly string[], id: string, most: number, recent: readonly string[]): string[] {
  if (columns.includes(id)) return columns.slice(0, Math.max(most, 1));
  if (columns.length < most) return [...columns, id];
  const kept = columns.slice(0, most);
  const oldest = kept.toSorted((one, other) => recent.indexOf(one) - recent.indexOf(other))[0];
  return kept.map((one) => (one === oldest ? id : one));
}

/** The answers whose shortcut begins with what stands after the slash; null where nobody asks for one. */
export function offered(text: string, answers: readonly CannedAnswer[]): CannedAnswer[] | null {
  const [, wanted] = /^\/([a-z0-9_-]*)$/i.exec(text) ?? [];
  if (wanted === undefined) return null;
  return answers.filter((one) => one.shortcut.startsWith(wanted.toLowerCase()));
}
