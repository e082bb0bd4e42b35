/** What was asked so far, and a new question, perhaps about an order. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { api, ask } from "../../app/api";
import { accountId } from "../../app/session";
import { type Conversation, previewOf } from "../../chat/chat";
import { day, t } from "../../i18n";
import { useAction } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { conversations, conversationsFailed, loadConversations } from "./conversations";

export function HelpPage() {
  const { query, route } = useLocation();
  const orderId = query["order"] ?? null;
  useEffect(() => void (document.title = t("help.title")), []);
  useEffect(() => {
    if (!accountId.value) route("/log-in", true);
    else void loadConversations();
  }, [accountId.value]);
  const all = conversations.value;
  const about = orderId && all?.find((one) => one.order_id === orderId && one.status.state !== "resolved");
  useEffect(() => {
    if (about) route(`/help/${about.conversation_id}`, true);
  }, [about]);
  return (
    <main id="content" class="narrow stack">
      <h1>{t("help.title")}</h1>
      <NewQuestion key={orderId} orderId={orderId} />
      {conversationsFailed.value && <p class="note bad">{t("error.unreachable")}</p>}
      {all && all.length > 0 && (
        <ul class="stack tight asked">
          {all.map((one) => (
            <li key={one.conversation_id}>
              <Asked one={one} />
            </li>
          ))}
        </ul>
      )}
    </main>
  );
}

function NewQuestion({ orderId }: { orderId: string | null }) {
  const { route } = useLocation();
  const text = useSignal("");
  // of the question, not of the attempt: trying again does not ask twice
  const clientId = useSignal(crypto.randomUUID());
  const send = useAction(async () => {
    const body = { client_id: clientId.value, order_id: orderId, text: text.value.trim() };
    const { conversation } = await ask(api.POST("/v1/conversations", { body }));
    route(`/help/${conversation.conversation_id}`);
  });
  return (
    <form
      class="card stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        void send.run();
      }}
    >
      {orderId && <OrderLine orderId={orderId} />}
      <label class="field">
        {t("help.first")}
        <textarea
          rows={3}
          required
          maxLength={10_000}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <span class="hint">{t("help.intro")}</span>
      </label>
      <button class="primary" disabled={send.busy || text.value.trim() === ""}>
        {t("help.start")}
      </button>
    </form>
  );
}

function OrderLine({ orderId }: { orderId: string }) {
  const text = useSignal("");
  useEffect(() => {
    ask(api.GET("/v1/orders/{order_id}", { params: { path: { order_id: orderId } } })).then(
      (order) => (text.value = t("help.about", { number: order.number, restaurant: order.restaurant.name })),
      () => undefined, // opening says what is wrong
    );
  }, [orderId]);
  return <p class="quiet">{text.value}</p>;
}

function Asked({ one }: { one: Conversation }) {
  const { status, last_message: last, unread } = one;
  return (
    <a class="card row ask" href={`/help/${one.conversation_id}`} data-unread={unread > 0}>
      <Icon name="chat" />
      <span class="grow">
        <strong>{titleOf(one)}</strong>
        <span class="quiet small line">{previewOf(one, t("chat.picture"))}</span>
      </span>
      <span class="small quiet aside">
        <span class={status.state === "resolved" ? "badge" : "badge good"}>
          {t(`help.state.${status.state}`, { name: status.agent_name ?? "" })}
        </span>
        {day(last?.sent_at ?? one.opened_at)}
      </span>
    </a>
  );
}

export function titleOf(one: Conversation): string {
  if (one.order_number === null) return t("help.general");
  return t("help.about", { number: one.order_number, restaurant: one.restaurant_name ?? "" });
}
