/** A conversation as a live resource, for whoever takes part in it. */
import { api, ask, loadable, type Schemas } from "../app/api";
import { accountId, actingLive } from "../app/session";
import type { ResourceOptions } from "../live/resource";
import { sentence } from "../ui/hooks";
import { applyToChat, type Chat, earlierThan, hasUndelivered, withEarlier } from "./chat";
import { OutgoingMessages } from "./outgoing";

const PAGE = 50;

export function chatTopic(id: string): string {
  return `conversation.${id}`;
}

export function chatOf(id: string): ResourceOptions<Chat> {
  const topic = chatTopic(id);
  let now: Chat | undefined;
  return {
    topic,
    load: async () => {
      const params = { path: { conversation_id: id } };
      const snapshot = snapshotOf(await loadable(ask(api.GET("/v1/conversations/{conversation_id}", { params }))));
      now = snapshot.state;
      return snapshot;
    },
    apply: (chat, event) => (now = applyToChat(chat, event)),
    stored: (seq) => {
      if (now && hasUndelivered(now)) actingLive().ack(topic, seq);
    },
  };
}

function snapshotOf({ position, side, conversation, messages, presence }: Schemas["ConversationSnapshot"]) {
  return { position, state: { side, conversation, messages, presence } satisfies Chat };
}

/** What was said before what is shown. */
export async function loadEarlier(chat: Chat): Promise<(chat: Chat) => Chat> {
  const before = earlierThan(chat);
  const params = { path: { conversation_id: chat.conversation.conversation_id }, query: { before, limit: PAGE } };
  const page = await ask(api.GET("/v1/conversations/{conversation_id}/messages", { params }));
  return (now) => withEarlier(now, page.messages);
}

let outgoing: OutgoingMessages | undefined;
let outgoingOf: string | undefined;

/** The messages that are on their way from this tab, of whoever is logged in. */
export function outgoingMessages(): OutgoingMessages {
  const account = accountId.peek() ?? "";
  if (!outgoing || outgoingOf !== account) {
    outgoing?.stop();
    outgoing = new OutgoingMessages(`tiffin.outgoing.${account}`, actingLive(), sessionStorage, sentence);
    outgoingOf = account;
  }
  return outgoing;
}
