/** Find a conversation by its words or its customer, and look at it. */
import { useSignal } from "@preact/signals";
import { api, ask } from "../app/api";
import { type Conversation, previewOf } from "../chat/chat";
import { ChatPane } from "../chat/chat-pane";
import { chatOf } from "../chat/conversation";
import { day, t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { useAction, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const words = useSignal("");
  const found = useSignal<readonly Conversation[] | null>(null);
  const shown = useSignal<string | null>(null);
  const search = useAction(async () => {
    const query = { scope: "all" as const, search: words.value.trim(), limit: 30 };
    found.value = (await ask(api.GET("/v1/conversations", { params: { query } }))).items;
  });
  return (
    <Dialog title={t("support.search")} onClose={onClose}>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          shown.value = null;
          void search.run();
        }}
      >
        <input
          class="grow"
          type="search"
          autofocus
          minLength={2}
          maxLength={100}
          required
          aria-label={t("support.searchHint")}
          placeholder={t("support.searchHint")}
          value={words.value}
          onInput={(event) => (words.value = event.currentTarget.value)}
        />
        <button class="primary" disabled={search.busy} aria-label={t("support.search")}>
          <Icon name="search" />
        </button>
      </form>
      {shown.value !== null ? (
        <Looked key={shown.value} id={shown.value} onBack={() => (shown.value = null)} />
      ) : (
        <>
          {found.value?.length === 0 && <p class="quiet">{t("support.searchNone")}</p>}
          <ul class="stack tight">
            {found.value?.map((one) => (
              <li key={one.conversation_id}>
                <button class="plain ask" onClick={() => (shown.value = one.conversation_id)}>
                  <span class="grow">
                    <strong>{one.customer_name}</strong>
                    <span class="line quiet small">{previewOf(one, t("chat.picture"))}</span>
                  </span>
                  <span class="small quiet">{day(one.opened_at)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

/** As it stands now; whom it is not with gets no live news of it. */
function Looked({ id, onBack }: { id: string; onBack: () => void }) {
  const resource = useResource(chatOf(id));
  const chat = resource.value.value;
  const reopen = useAction(async () => {
    const params = { path: { conversation_id: id } };
    const status = await ask(api.POST("/v1/conversations/{conversation_id}/reopen", { params }));
    resource.patch((now) => ({ ...now, conversation: { ...now.conversation, status } }));
  });
  const status = chat?.conversation.status;
  return (
    <div class="looked">
      <div class="row wrap">
        <button class="plain" onClick={onBack}>
          {t("action.back")}
        </button>
        {status && status.rating !== null && (
          <span class="grow">
            {t("help.stars", { count: status.rating })}
            {status.rating_comment ? ` · ${status.rating_comment}` : ""}
          </span>
        )}
        {status?.state === "resolved" && (
          <button disabled={reopen.busy} onClick={() => void reopen.run()}>
            {t("support.reopen")}
          </button>
        )}
      </div>
      {chat && (
        <ChatPane
          resource={resource}
          chat={chat}
          {...(chat.side === null && { instead: <p class="note small">{t("support.lookAt")}</p> })}
        />
      )}
    </div>
  );
}
