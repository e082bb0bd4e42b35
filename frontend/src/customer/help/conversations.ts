/** The customer's conversations, kept true while any of them is open, for the list and for the count in the head. */
import { batch, computed, effect, signal } from "@preact/signals";
import { api, ask } from "../../app/api";
import { accountId, actingLive } from "../../app/session";
import { type Chat, type Conversation, type Message, unreadOf } from "../../chat/chat";
import { chatOf } from "../../chat/conversation";
import { t } from "../../i18n";
import { Resource } from "../../live";
import { toast } from "../../ui/toast";

const PAGE = 20;

const listed = signal<readonly Conversation[] | undefined>(undefined);
const failed = signal(false);
/** the open ones, live */
const open = signal<ReadonlyMap<string, Resource<Chat>>>(new Map());

export const conversationsFailed = computed(() => failed.value);
export const conversations = computed(() =>
  listed.value?.map((one) => open.value.get(one.conversation_id)?.value.value?.conversation ?? one),
);
export const unreadCount = computed(() =>
  [...open.value.values()].reduce((sum, { value }) => sum + (value.value ? unreadOf(value.value) : 0), 0),
);

/** Follow the conversations of whoever is logged in. Call once, after `begin`. */
export function followConversations(): void {
  let before = accountId.peek();
  effect(() => {
    const id = accountId.value;
    if (id !== before) forgetAll();
    before = id;
    if (id) void loadConversations();
  });
}

function forgetAll(): void {
  batch(() => {
    for (const resource of open.peek().values()) resource.stop();
    open.value = new Map();
    listed.value = undefined;
  });
}

export async function loadConversations(): Promise<void> {
  try {
    const { items } = await ask(api.GET("/v1/conversations", { params: { query: { limit: PAGE } } }));
    listed.value = items;
    failed.value = false;
    for (const one of items) if (one.status.state !== "resolved") chatResource(one.conversation_id);
  } catch {
    failed.value = listed.peek() === undefined;
  }
}

/** A conversation, live from now on in every page of this tab. */
export function chatResource(id: string): Resource<Chat> {
  const known = open.peek().get(id);
  if (known) return known;
  const options = chatOf(id);
  const resource = new Resource(actingLive(), {
    ...options,
    apply: (chat, event) => {
      if (event.type === "message.sent") tell(id, event.data.message);
      return options.apply(chat, event);
    },
  });
  open.value = new Map([...open.peek(), [id, resource]]);
  return resource;
}

/** Say that somebody wrote, unless it can be seen. */
function tell(id: string, message: Message): void {
  if (message.author !== "agent" || (location.pathname === `/help/${id}` && document.hasFocus())) return;
  toast(`${message.author_name}: ${message.text || t("chat.picture")}`);
}
