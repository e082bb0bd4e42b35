/** A conversation with support, from the place in line to the stars at the end. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso/router";
import { api, ask } from "../../app/api";
import { accountId, actingLive } from "../../app/session";
import { type Chat, placeInLine } from "../../chat/chat";
import { ChatPane } from "../../chat/chat-pane";
import { t } from "../../i18n";
import type { Resource } from "../../live";
import { useAction, useResource } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { NotFound } from "../not-found";
import { chatResource } from "./conversations";
import { queue } from "./queue";

export function ConversationPage() {
  const { params } = useRoute();
  const { route } = useLocation();
  const id = params["id"] ?? "";
  const account = accountId.value;
  const resource = useMemo(() => chatResource(id), [id, account]);
  useEffect(() => {
    if (!account) route("/log-in", true);
  }, [account]);
  const chat = resource.value.value;
  if (resource.status.value === "failed" || resource.status.value === "forbidden")
    return <NotFound text={t("help.notFound")} />;
  if (!chat)
    return (
      <main id="content">
        <div class="skeleton" role="status" aria-label={t("loading")} />
      </main>
    );
  return <Talk resource={resource} chat={chat} />;
}

function Talk({ resource, chat }: { resource: Resource<Chat>; chat: Chat }) {
  const { conversation, presence } = chat;
  const { status, order_id } = conversation;
  useEffect(() => void (document.title = `${t("help.support")} · Tiffin`), []);
  const name = status.agent_name ?? "";
  return (
    <main id="content" class="talk" data-state={status.state}>
      <header class="talk-head row">
        <a class="button plain" href="/help" aria-label={t("action.back")}>
          <Icon name="chevron" />
        </a>
        <div class="grow">
          <h1>{status.state === "assigned" ? name : t("help.support")}</h1>
          <p class="quiet small" role="status">
            {status.state === "waiting" && <Place chat={chat} />}
            {status.state === "assigned" && (
              <>
                <span class={presence.agent ? "dot on" : "dot"} />{" "}
                {t(presence.agent ? "help.here" : "help.away", { name })}
              </>
            )}
            {status.state === "resolved" && t("help.state.resolved")}
            {order_id !== null && (
              <>
                {" · "}
                <a href={`/orders/${order_id}`}>{t("support.order", { number: conversation.order_number ?? "" })}</a>
              </>
            )}
          </p>
        </div>
        {status.state !== "resolved" && <SolvedButton id={conversation.conversation_id} />}
      </header>
      <ChatPane resource={resource} chat={chat} />
      {status.state === "resolved" && <Rating chat={chat} />}
    </main>
  );
}

function Place({ chat }: { chat: Chat }) {
  const line = useResource(queue, actingLive()).value.value;
  if (!line) return <>{t("help.state.waiting")}</>;
  const place = placeInLine(chat.conversation, line.waiting);
  if (place === 1) return <>{t("help.next")}</>;
  if (place !== null) return <>{t("help.place", { place })}</>;
  // between the assignment's event and the queue's, or far behind
  const far = line.total > line.waiting.length;
  return <>{far ? t("help.placeFar", { count: line.waiting.length }) : t("help.state.waiting")}</>;
}

function SolvedButton({ id }: { id: string }) {
  const solve = useAction(async () => {
    await ask(api.POST("/v1/conversations/{conversation_id}/resolve", { params: { path: { conversation_id: id } } }));
  });
  return (
    <button disabled={solve.busy} onClick={() => void solve.run()}>
      {t("help.solved")}
    </button>
  );
}

function Rating({ chat }: { chat: Chat }) {
  const { conversation_id, status } = chat.conversation;
  const comment = useSignal(status.rating_comment ?? "");
  const rate = useAction(async (stars: number) => {
    const params = { path: { conversation_id } };
    await ask(
      api.PUT("/v1/conversations/{conversation_id}/rating", { params, body: { stars, comment: comment.value } }),
    );
  });
  return (
    <section class="rating stack tight" aria-label={t("help.rate")}>
      <div class="row wrap">
        <strong>{t("help.rate")}</strong>
        <div class="row stars" role="group" aria-label={t("help.rate")}>
          {[1, 2, 3, 4, 5].map((stars) => (
            <button
              key={stars}
              class="plain star"
              aria-label={t("help.stars", { count: stars })}
              aria-pressed={status.rating !== null && stars <= status.rating}
              disabled={rate.busy}
              onClick={() => void rate.run(stars)}
            >
              <Icon name="star" />
            </button>
          ))}
        </div>
      </div>
      {status.rating === null ? (
        <input
          aria-label={t("help.comment")}
          placeholder={t("help.comment")}
          maxLength={1000}
          value={comment.value}
          onInput={(event) => (comment.value = event.currentTarget.value)}
        />
      ) : (
        <p class="quiet small">{t("help.thanks")}</p>
      )}
    </section>
  );
}
