/** A conversation as one of its people sees it: what was said, how far each side is, and what comes next. No I/O. */
import type { Schemas } from "../app/api";
import type { LiveEvent } from "../live";

export type Conversation = Schemas["ConversationView"];
export type Message = Schemas["MessageView"];
export type Side = "customer" | "agent";

export interface Chat {
  /** null: an agent who looks at somebody else's */
  side: Side | null;
  conversation: Conversation;
  /** without a gap up to the newest */
  messages: readonly Message[];
  presence: Schemas["PresenceView"];
}

/** How far an own message has come. */
export type Tick = "sent" | "delivered" | "read";

export function applyToChat(chat: Chat, event: LiveEvent): Chat {
  switch (event.type) {
    case "message.sent":
      return withMessage(chat, event.data.message);
    case "marks.advanced": {
      const { side, marks } = event.data;
      const moved = side === "customer" ? { customer_marks: marks } : { agent_marks: marks };
      return { ...chat, conversation: { ...chat.conversation, ...moved } };
    }
    case "conversation.assigned":
    case "conversation.waiting":
    case "conversation.resolved":
    case "conversation.rated":
      return { ...chat, conversation: { ...chat.conversation, status: event.data.status } };
    case "conversation.presence_changed":
      return { ...chat, presence: event.data.presence };
    default:
      return chat;
  }
}

function withMessage(chat: Chat, message: Message): Chat {
  const { conversation, messages } = chat;
  if (message.seq <= conversation.last_seq) return chat;
  const last_message = message.code === null ? message : conversation.last_message;
  const told = { ...conversation, last_seq: message.seq, last_message };
  return { ...chat, conversation: told, messages: [...messages, message] };
}

/** What was said earlier, in front. */
export function withEarlier(chat: Chat, earlier: readonly Message[]): Chat {
  const first = chat.messages[0]?.seq ?? Infinity;
  return { ...chat, messages: [...earlier.filter((one) => one.seq < first), ...chat.messages] };
}

/** The number before which there is more to load; null at the beginning. */
export function earlierThan({ messages }: Chat): number | null {
  const first = messages[0]?.seq;
  return first !== undefined && first > 1 ? first : null;
}

export function tickOf({ conversation }: Chat, message: Message): Tick {
  const theirs = message.author === "customer" ? conversation.agent_marks : conversation.customer_marks;
  if (message.seq <= theirs.read) return "read";
  return message.seq <= theirs.delivered ? "delivered" : "sent";
}

/** What the other person has written since this side has last looked, as far as it is known here. */
export function unreadOf({ side, conversation, messages }: Chat): number {
  if (side === null) return 0;
  const { read } = side === "customer" ? conversation.customer_marks : conversation.agent_marks;
  const other = side === "customer" ? "agent" : "customer";
  return messages.filter((message) => message.author === other && message.seq > read).length;
}

/** Whether this device holds words of the other person of which the server does not know yet that they arrived. */
export function hasUndelivered({ side, conversation, messages }: Chat): boolean {
  if (side === null) return false;
  const { delivered } = side === "customer" ? conversation.customer_marks : conversation.agent_marks;
  const other = side === "customer" ? "agent" : "customer";
  return messages.some((message) => message.author === other && message.seq > delivered);
}

/** The number of the newest message that this side has not marked as seen; null if there is none. */
export function toMarkAsRead(chat: Chat): number | null {
  return unreadOf(chat) > 0 ? chat.conversation.last_seq : null;
}

/** The place in line, from 1; null where nobody knows it (it is not waiting, or far behind). */
export function placeInLine({ status }: Conversation, waiting: readonly number[]): number | null {
  if (status.state !== "waiting") return null;
  const at = waiting.indexOf(status.place);
  return at === -1 ? null : at + 1;
}

/** Whether a new day begins with a message. */
export function beginsDay(message: Message, before: Message | undefined): boolean {
  return before === undefined || dayOf(before.sent_at) !== dayOf(message.sent_at);
}

/** Whether a message goes on where the one before it ended: same person, within two minutes. */
export function goesOn(message: Message, before: Message | undefined): boolean {
  if (before === undefined || before.author !== message.author || before.author_name !== message.author_name)
    return false;
  return Date.parse(message.sent_at) - Date.parse(before.sent_at) < 120_000 && !beginsDay(message, before);
}

/** What stands under a conversation's name in a list; `picture` stands for a message without words. */
export function previewOf({ last_message: last }: Conversation, picture: string): string {
  return last === null ? "" : last.text || picture;
}

function dayOf(at: string): string {
  return new Date(at).toDateString();
}
