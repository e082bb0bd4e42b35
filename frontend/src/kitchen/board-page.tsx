/** The board: three columns, a bell, and never a doubt whether it is connected. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Menu } from "../app/menu";
import { live } from "../app/session";
import { clockWithSeconds, t } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { sentence, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { asWanted, dismiss, see, unseen } from "./actions";
import { boardOf, type Column, COLUMNS, isNoted, placeOf, type Ticket } from "./board";
import { Head } from "./head";
import { menuOf } from "./menu";
import { Ringer } from "./ringer";
import { TicketCard } from "./ticket-card";
import { keepAwake } from "./wake-lock";

/** A board that is not connected for this long says so with a sound, too. */
const ALARM_AFTER_MS = 15_000;

export function BoardPage({ id }: { id: string }) {
  const board = useResource(boardOf(id));
  const menu = useResource(menuOf(id));
  const ringer = useMemo(() => new Ringer(), []);
  const started = useSignal(false);
  useEffect(() => () => ringer.silence(), []);
  if (board.status.value === "failed" || board.status.value === "forbidden")
    return (
      <main class="middle stack">
        <p class="note bad">{sentence(board.error.value?.cause)}</p>
        <a class="button" href="/kitchen">
          {t("kitchen.choose")}
        </a>
      </main>
    );
  if (!board.value.value || !menu.value.value) return <Loading failing={board.error.value} />;
  if (!started.value)
    return <Start name={menu.value.value.restaurant.name} ringer={ringer} onStart={() => (started.value = true)} />;
  return <Board board={board} tickets={board.value.value} menu={menu} ringer={ringer} />;
}

function Loading({ failing }: { failing: Error | undefined }) {
  return (
    <main class="middle stack">
      {failing ? (
        <p class="note bad" role="alert">
          {t("kitchen.neverLoaded")}
        </p>
      ) : (
        <div class="skeleton" role="status" aria-label={t("loading")} />
      )}
    </main>
  );
}

interface StartProps {
  name: string;
  ringer: Ringer;
  onStart: () => void;
}

/** Browsers allow sound only after a touch, so a shift begins with one. */
function Start({ name, ringer, onStart }: StartProps) {
  useEffect(() => void (document.title = `${name} · ${t("kitchen.title")}`), [name]);
  return (
    <main class="middle stack start">
      <h1>{name}</h1>
      <p>{t("kitchen.startWhy")}</p>
      <button
        class="primary huge"
        onClick={() => {
          void ringer.unlock().then(() => ringer.test());
          onStart();
        }}
      >
        <Icon name="bell" size={32} />
        {t("kitchen.start")}
      </button>
    </main>
  );
}

interface BoardProps {
  board: Resource<Ticket[]>;
  tickets: Ticket[];
  menu: Resource<Menu>;
  ringer: Ringer;
}

function Board({ board, tickets, menu, ringer }: BoardProps) {
  const gone = useSignal<ReadonlySet<string>>(new Set());
  const column = useSignal<Column>("new");
  const shown = asWanted(tickets).filter((ticket) => !gone.value.has(ticket.ticket_id) && isOnBoard(ticket));
  const waiting = unseen(tickets);
  const disconnected = useDisconnected() || board.status.value === "old";
  useSound(ringer, waiting, disconnected);
  useEffect(keepAwake, []);
  useTitle(menu.value.value?.restaurant.name ?? "", waiting.length);
  return (
    <div
      class="board-page"
      data-connected={!disconnected}
      data-sound={ringer.sound.value}
      data-audible={ringer.audible.value}
    >
      {disconnected && <Lost />}
      {!ringer.audible.value && <Muted ringer={ringer} />}
      {waiting.length > 0 && <Ringing waiting={waiting} />}
      <Head menu={menu} />
      <Tabs tickets={shown} column={column.value} onChoose={(chosen) => (column.value = chosen)} />
      <main class="columns" data-shown={column.value}>
        {COLUMNS.map((name) => (
          <section key={name} class="column" data-column={name} aria-labelledby={`column-${name}`}>
            <h2 id={`column-${name}`}>
              {t(`kitchen.column.${name}`)} <span class="quiet number">{inColumn(shown, name).length}</span>
            </h2>
            <ul class="stack">
              {inColumn(shown, name).map((ticket) => (
                <li key={ticket.ticket_id}>
                  <TicketCard
                    board={board}
                    ticket={ticket}
                    restaurant={menu.value.value?.restaurant}
                    onGone={() => {
                      dismiss(ticket.ticket_id);
                      gone.value = new Set([...gone.value, ticket.ticket_id]);
                    }}
                  />
                </li>
              ))}
            </ul>
            {inColumn(shown, name).length === 0 && <p class="empty">{t(`kitchen.none.${name}`)}</p>}
          </section>
        ))}
      </main>
      <Announcer waiting={waiting} />
    </div>
  );
}

/** What a person has just rejected or delivered is off the board at once. */
function isOnBoard({ status }: Ticket): boolean {
  return isNoted(status.state) || (status.state !== "rejected" && status.state !== "delivered");
}

function inColumn(tickets: readonly Ticket[], column: Column): Ticket[] {
  return tickets.filter((ticket) => placeOf(ticket) === column);
}

function useSound(ringer: Ringer, waiting: readonly Ticket[], disconnected: boolean): void {
  const loudness = Math.max(-1, ...waiting.map((ticket) => ticket.status.loudness));
  useEffect(() => {
    if (disconnected) {
      ringer.silence();
      const timer = setTimeout(() => ringer.alarm(), ALARM_AFTER_MS);
      return () => clearTimeout(timer);
    }
    if (loudness >= 0) ringer.ring(loudness);
    else ringer.silence();
    return undefined;
  }, [loudness, disconnected]);
}

function useTitle(name: string, waiting: number): void {
  useEffect(() => {
    const count = waiting > 0 ? `(${waiting}) ` : "";
    document.title = `${count}${name} · ${t("kitchen.title")}`;
  }, [name, waiting]);
}

function Lost() {
  const { heardAt } = live().connection.value;
  return (
    <div class="lost" role="alert">
      <Icon name="unplugged" size={36} />
      <div>
        <strong>{t("kitchen.lost")}</strong>
        <p>{t("kitchen.lostSince", { time: clockWithSeconds(heardAt) })}</p>
      </div>
    </div>
  );
}

function Muted({ ringer }: { ringer: Ringer }) {
  return (
    <button class="muted" onClick={() => void ringer.unlock()}>
      <Icon name="sound" />
      {t("kitchen.muted")}
    </button>
  );
}

function Ringing({ waiting }: { waiting: Ticket[] }) {
  return (
    <button class="ringing" onClick={() => see(waiting)}>
      <Icon name="bell" size={28} />
      {t("kitchen.ringing", { count: waiting.length })}
    </button>
  );
}

interface TabsProps {
  tickets: Ticket[];
  column: Column;
  onChoose: (column: Column) => void;
}

/** On a phone one column is shown at a time. */
function Tabs({ tickets, column, onChoose }: TabsProps) {
  return (
    <div class="tabs" role="group" aria-label={t("kitchen.columns")}>
      {COLUMNS.map((name) => (
        <button key={name} class="chip" aria-pressed={name === column} onClick={() => onChoose(name)}>
          {t(`kitchen.column.${name}`)} <span class="number">{inColumn(tickets, name).length}</span>
        </button>
      ))}
    </div>
  );
}

/** Says new orders to a screen reader. */
function Announcer({ waiting }: { waiting: Ticket[] }) {
  const numbers = waiting.map((ticket) => ticket.content.number).join(", ");
  return (
    <p class="visually-hidden" role="status" aria-live="assertive">
      {numbers && t("kitchen.announce", { numbers })}
    </p>
  );
}
