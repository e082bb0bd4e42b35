/** One conversation among several: who it is, what was said, and, while it is looked at, what is known of the customer. */
import { useSignal } from "@preact/signals";
import { api, ask } from "../app/api";
import type { Chat } from "../chat/chat";
import { ChatPane } from "../chat/chat-pane";
import { t } from "../i18n";
import type { Resource } from "../live";
import { useAction } from "../ui/hooks";
import { CannedAnswers } from "./canned-answers";
import type { Agent } from "./desk";
import { Known } from "./known";
import { TransferDialog } from "./transfer-dialog";

interface PaneProps {
  resource: Resource<Chat>;
  me: Agent;
  agents: readonly Agent[];
  isFocused: boolean;
  onFocus: () => void;
}

export function Pane({ resource, me, agents, isFocused, onFocus }: PaneProps) {
  const chat = resource.value.value;
  const transferring = useSignal(false);
  const resolve = useAction(async (conversation_id: string) => {
    await ask(api.POST("/v1/conversations/{conversation_id}/resolve", { params: { path: { conversation_id } } }));
  });
  if (!chat) return <div class="pane skeleton" role="status" aria-label={t("loading")} />;
  const { conversation, presence } = chat;
  const id = conversation.conversation_id;
  return (
    <>
      <section
        class="pane"
        data-conversation={id}
        data-focused={isFocused}
        aria-label={conversation.customer_name}
        onFocusIn={onFocus}
        onPointerDown={onFocus}
      >
        <header class="row">
          <span class={presence.customer ? "dot on" : "dot"} />
          <h2 class="grow">
            {conversation.customer_name}
            <span class="visually-hidden">{t(presence.customer ? "support.here" : "support.notHere")}</span>
            {conversation.order_number !== null && (
              <span class="quiet small"> {t("support.order", { number: conversation.order_number })}</span>
            )}
          </h2>
          <button data-action="transfer" title={t("support.key.transfer")} onClick={() => (transferring.value = true)}>
            {t("support.transfer")}
          </button>
          <button
            data-action="resolve"
            title={t("support.key.resolve")}
            disabled={resolve.busy}
            onClick={() => void resolve.run(id)}
          >
            {t("support.resolve")}
          </button>
        </header>
        <ChatPane resource={resource} chat={chat} helper={(text, put) => <CannedAnswers text={text} onPut={put} />} />
      </section>
      {isFocused && <Known key={id} id={id} />}
      {transferring.value && (
        <TransferDialog id={id} me={me} agents={agents} onClose={() => (transferring.value = false)} />
      )}
    </>
  );
}
