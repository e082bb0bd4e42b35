/** Beside the conversations: the own availability, whom one has, who waits, and the colleagues. */
import { api, ask } from "../app/api";
import { live, logOut } from "../app/session";
import { type Chat, previewOf, unreadOf } from "../chat/chat";
import { clockWithSeconds, t } from "../i18n";
import { InboxButton } from "../inbox/view";
import type { Resource } from "../live";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { serverNow } from "../ui/server-clock";
import type { Floor, Mine } from "./desk";

const MOST = 50;

interface SidebarProps {
  mine: Resource<Mine>;
  state: Mine;
  floor: Floor | undefined;
  chats: ReadonlyMap<string, Resource<Chat>>;
  focused: string | null;
  disconnected: boolean;
  onLook: (id: string) => void;
  onSearch: () => void;
}

export function Sidebar(props: SidebarProps) {
  const { disconnected, onSearch } = props;
  const { heardAt } = live().connection.value;
  const leave = useAction(logOut);
  return (
    <aside class="sidebar stack">
      <div class="row">
        <h1 class="grow">{t("support.title")}</h1>
        <InboxButton />
        <button class="plain" aria-label={t("support.search")} title={t("support.key.search")} onClick={onSearch}>
          <Icon name="search" />
        </button>
      </div>
      {disconnected && (
        <p class="note bad" role="alert">
          {t("connection.waiting", { time: clockWithSeconds(heardAt) })}
        </p>
      )}
      <Availability {...props} />
      <Own {...props} />
      <Line {...props} />
      <Colleagues {...props} />
      <details class="keys small">
        <summary>{t("support.keys")}</summary>
        <ul>
          {(["switch", "next", "canned", "resolve", "transfer", "search"] as const).map((key) => (
            <li key={key}>{t(`support.key.${key}`)}</li>
          ))}
        </ul>
      </details>
      <button class="plain" disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </aside>
  );
}

function Availability({ mine, state: { me } }: SidebarProps) {
  const set = useAction(async (available: boolean, capacity: number) => {
    const agent = await ask(api.PUT("/v1/support/availability", { body: { available, capacity } }));
    mine.patch((state) => ({ ...state, me: agent }));
  });
  return (
    <section class="card stack tight" data-available={me.available}>
      <p class="row">
        <span class={me.available ? "dot on" : "dot"} />
        <strong class="grow">{t(me.available ? "support.available" : "support.away")}</strong>
        <span class="number quiet">{t("support.load", { load: me.load, capacity: me.capacity })}</span>
      </p>
      <div class="row">
        <button
          class={me.available ? "grow" : "primary grow"}
          disabled={set.busy}
          onClick={() => void set.run(!me.available, me.capacity)}
        >
          {t(me.available ? "support.stop" : "support.take")}
        </button>
        <label class="capacity">
          <span class="visually-hidden">{t("support.capacity")}</span>
          <input
            type="number"
            min={1}
            max={50}
            disabled={set.busy}
            value={me.capacity}
            title={t("support.capacity")}
            onChange={(event) => {
              const capacity = event.currentTarget.valueAsNumber;
              if (capacity >= 1 && capacity <= 50) void set.run(me.available, capacity);
            }}
          />
        </label>
      </div>
    </section>
  );
}

function Own({ state, chats, focused, onLook }: SidebarProps) {
  return (
    <section>
      <h2>{t("support.mine")}</h2>
      <ul class="own">
        {state.conversations.map((one, at) => {
          const chat = chats.get(one.conversation_id)?.value.value;
          const shown = chat?.conversation ?? one;
          const unread = chat ? unreadOf(chat) : one.unread;
          return (
            <li key={one.conversation_id}>
              <button
                class="plain ask"
                aria-current={one.conversation_id === focused}
                data-unread={unread > 0}
                onClick={() => onLook(one.conversation_id)}
              >
                <span class="number quiet" aria-hidden="true">
                  {at < 9 ? at + 1 : ""}
                </span>
                <span class="grow">
                  <strong>
                    <span class={chat?.presence.customer ? "dot on" : "dot"} /> {shown.customer_name}
                  </strong>
                  <span class="line quiet small">{previewOf(shown, t("chat.picture"))}</span>
                </span>
                {unread > 0 && (
                  <span class="badge warn number">
                    {unread}
                    <span class="visually-hidden">{t("chat.unread", { count: unread })}</span>
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Line({ floor }: SidebarProps) {
  const waiting = floor?.waiting ?? [];
  const more = (floor?.total ?? 0) - waiting.length;
  return (
    <section class="queue" data-total={floor?.total}>
      <h2>
        {t("support.queue")} <span class="number quiet">{floor?.total ?? ""}</span>
      </h2>
      {floor && waiting.length === 0 && <p class="quiet small">{t("support.queueEmpty")}</p>}
      <ol>
        {waiting.slice(0, MOST).map((one) => (
          <li key={one.conversation_id} class="row small">
            <span class="grow">
              {one.customer_name}
              {one.order_number !== null && <span class="quiet"> · {one.order_number}</span>}
            </span>
            <span class="number quiet">{t("support.waitsFor", { minutes: minutesSince(one.waiting_since) })}</span>
          </li>
        ))}
      </ol>
      {more > 0 && <p class="quiet small">{t("support.more", { count: more })}</p>}
    </section>
  );
}

function Colleagues({ floor, state }: SidebarProps) {
  const others = floor?.agents.filter((one) => one.account_id !== state.me.account_id) ?? [];
  if (others.length === 0) return null;
  return (
    <section>
      <h2>{t("support.colleagues")}</h2>
      <ul>
        {others.map((one) => (
          <li key={one.account_id} class="row small">
            <span class={one.connected && one.available ? "dot on" : "dot"} />
            <span class="grow">{one.name}</span>
            <span class="number quiet">{t("support.load", { load: one.load, capacity: one.capacity })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function minutesSince(at: string): number {
  return Math.max(0, Math.floor((serverNow.value - Date.parse(at)) / 60_000));
}
