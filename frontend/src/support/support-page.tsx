/** What an agent sees, as far as they are one. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { live } from "../app/session";
import { type Chat, unreadOf } from "../chat/chat";
import { chatOf } from "../chat/conversation";
import { t } from "../i18n";
import { Resource } from "../live";
import { useTab } from "../ui/attention";
import { useDisconnected, useLasting } from "../ui/connection";
import { useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { StaffPage } from "../ui/staff";
import { toast } from "../ui/toast";
import { type Mine, opened } from "./desk";
import { useKeys } from "./keys";
import { Pane } from "./pane";
import { floor, mineOf } from "./resources";
import { SearchDialog } from "./search-dialog";
import { Sidebar } from "./sidebar";

const OLD_MS = 3_000;
/** Of a column; beside them stand the list and what is known of the customer. */
const COLUMN_PX = 340;
const BESIDE_PX = 600;
const MOST_COLUMNS = 4;

export function SupportPage({ id }: { id: string }) {
  const mine = useResource(mineOf(id));
  return (
    <StaffPage
      resource={mine}
      title={t("support.title")}
      refusal={t("support.notAnAgent")}
      neverLoaded={t("support.neverLoaded")}
    >
      {(state) => <Desk mine={mine} state={state} />}
    </StaffPage>
  );
}

function Desk({ mine, state }: { mine: Resource<Mine>; state: Mine }) {
  const around = useResource(floor);
  const chats = useChats(state);
  const most = useColumns();
  const columns = useSignal<readonly string[]>([]);
  /** the one looked at last is at the end */
  const recent = useSignal<readonly string[]>([]);
  const searching = useSignal(false);
  const ids = state.conversations.map((one) => one.conversation_id);
  const focused = recent.value.findLast((id) => columns.value.includes(id)) ?? null;

  const look = (id: string) => {
    recent.value = [...recent.peek().filter((one) => one !== id), id];
    columns.value = opened(columns.peek(), id, most, recent.peek());
  };
  useEffect(() => {
    const shown = columns
      .peek()
      .filter((id) => ids.includes(id))
      .slice(0, most);
    const free = ids.filter((id) => !shown.includes(id)).slice(0, most - shown.length);
    columns.value = [...shown, ...free];
    if (focused === null && columns.peek()[0] !== undefined) recent.value = [...recent.peek(), columns.peek()[0] ?? ""];
  }, [ids.join(), most]);
  useGone(state, chats);
  useNews(state);
  useKeys({ ids, focused, look, search: () => (searching.value = true) });

  const unread = [...chats.values()].reduce((sum, { value }) => sum + (value.value ? unreadOf(value.value) : 0), 0);
  const away = useDisconnected();
  const disconnected = useLasting(mine.status.value === "old", OLD_MS) || away;
  useTab(t("support.title"), unread, disconnected);
  return (
    <div class="support" data-connected={!disconnected}>
      <Sidebar
        mine={mine}
        state={state}
        floor={around.value.value}
        chats={chats}
        focused={focused}
        disconnected={disconnected}
        onLook={look}
        onSearch={() => (searching.value = true)}
      />
      <main id="content" class="panes" style={{ "--columns": Math.max(1, columns.value.length) }}>
        {columns.value.length === 0 && (
          <div class="empty">
            <Icon name="chat" size={48} />
            <p>{t(state.me.available ? "support.nothing" : "support.nothingAway")}</p>
          </div>
        )}
        {columns.value.map((id) => {
          const resource = chats.get(id);
          return (
            resource && (
              <Pane
                key={id}
                resource={resource}
                me={state.me}
                agents={around.value.value?.agents ?? []}
                isFocused={id === focused}
                onFocus={() => look(id)}
              />
            )
          );
        })}
      </main>
      {searching.value && <SearchDialog onClose={() => (searching.value = false)} />}
    </div>
  );
}

/** The own conversations, each live for as long as it is. */
function useChats({ conversations }: Mine): ReadonlyMap<string, Resource<Chat>> {
  const kept = useRef(new Map<string, Resource<Chat>>());
  const ids = conversations.map((one) => one.conversation_id);
  const chats = useMemo(() => {
    const now = new Map(ids.map((id) => [id, kept.current.get(id) ?? new Resource(live(), chatOf(id))]));
    for (const [id, resource] of kept.current) if (!now.has(id)) resource.stop();
    kept.current = now;
    return now;
  }, [ids.join()]);
  useEffect(
    () => () => {
      for (const resource of kept.current.values()) resource.stop();
      kept.current = new Map();
    },
    [],
  );
  return chats;
}

/** Says what became of a conversation that went. */
function useGone({ left }: Mine, chats: ReadonlyMap<string, Resource<Chat>>): void {
  const names = useRef(new Map<string, string>());
  for (const [id, { value }] of chats) if (value.value) names.current.set(id, value.value.conversation.customer_name);
  useEffect(() => {
    if (left) toast(`${names.current.get(left.id) ?? ""}: ${t(`support.gone.${left.reason}`)}`);
  }, [left]);
}

/** Says who is new. */
function useNews({ conversations }: Mine): void {
  const known = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const before = known.current;
    known.current = new Set(conversations.map((one) => one.conversation_id));
    if (before === null) return;
    for (const one of conversations)
      if (!before.has(one.conversation_id)) toast(t("support.isNew", { name: one.customer_name }));
  }, [conversations]);
}

/** How many columns there is room for. */
function useColumns(): number {
  const count = useSignal(columnsIn(innerWidth));
  useEffect(() => {
    const measure = () => (count.value = columnsIn(innerWidth));
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return count.value;
}

function columnsIn(width: number): number {
  return Math.min(MOST_COLUMNS, Math.max(1, Math.floor((width - BESIDE_PX) / COLUMN_PX)));
}
