/** One conversation: what was said, and where one writes. What is in view counts as read. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { actingLive } from "../app/session";
import { t } from "../i18n";
import type { Resource } from "../live";
import { type Chat, toMarkAsRead } from "./chat";
import { Composer, type ComposerProps } from "./composer";
import { outgoingMessages } from "./conversation";
import { MessageList } from "./message-list";
import { useTyping } from "./typing";
import "./chat.css";

interface ChatPaneProps {
  resource: Resource<Chat>;
  chat: Chat;
  helper?: ComposerProps["helper"];
  /** instead of where one writes */
  instead?: ComponentChildren;
}

export function ChatPane({ resource, chat, helper, instead }: ChatPaneProps) {
  const id = chat.conversation.conversation_id;
  const outgoing = outgoingMessages();
  const waiting = useMemo(() => outgoing.of(id), [outgoing, id]);
  const typing = useTyping(chat);
  const atEnd = useSignal(true);
  const isLive = resource.status.value === "live";
  const known = new Set(chat.messages.flatMap((message) => message.client_id ?? []));
  useEffect(() => outgoing.arrived(known), [chat.messages]);
  useRead(chat, atEnd.value && isLive);
  return (
    <div class="chat" data-live={isLive} data-side={chat.side}>
      <MessageList
        resource={resource}
        chat={chat}
        waiting={waiting.value.filter((one) => !known.has(one.clientId))}
        outgoing={outgoing}
        typing={typing}
        onAtEnd={(value) => (atEnd.value = value)}
      />
      {resource.status.value === "old" && (
        <p class="chat-old" role="status">
          {t("chat.old")}
        </p>
      )}
      {instead ?? <Composer chat={chat} outgoing={outgoing} {...(helper && { helper })} />}
    </div>
  );
}

/** Tells the other side that it was read, while a person can see it. */
function useRead(chat: Chat, inView: boolean): void {
  const isVisible = useSignal(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => (isVisible.value = document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  const read = inView && isVisible.value ? toMarkAsRead(chat) : null;
  useEffect(() => {
    if (read === null) return;
    const data = { conversation_id: chat.conversation.conversation_id, read };
    actingLive()
      .command("chat.read", data, { keep: true })
      .catch(() => undefined); // the next message says it again
  }, [read]);
}
