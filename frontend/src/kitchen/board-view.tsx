/** The board: three columns, a bell, and never a doubt whether it is connected. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Menu } from "../app/menu";
import type { Resource } from "../live";
import { useTab } from "../ui/attention";
import { useDisconnected, useLasting } from "../ui/connection";
import type { Ringer } from "../ui/ringer";
import { Muted } from "../ui/sound";
import { keepAwake } from "../ui/wake-lock";
import { asWanted, dismiss, see, unseen } from "./actions";
import { Announcer, Lost, Ringing } from "./alarms";
import { Asked } from "./asking";
import { useSound } from "./attention";
import { type Column, COLUMNS, isShown, placeOf, type Ticket } from "./board";
import { Head } from "./head";
import { useFocusKept, walk } from "./keyboard";
import { TicketCard } from "./ticket-card";

/** A board that catches up for longer than this is not the truth. */
const OLD_MS = 3_000;

interface BoardProps {
  id: string;
  board: Resource<Ticket[]>;
  tickets: Ticket[];
  menu: Resource<Menu>;
  ringer: Ringer;
}

export function Board({ id, board, tickets, menu, ringer }: BoardProps) {
  const gone = useSignal<ReadonlySet<string>>(new Set());
  const column = useSignal<Column>("new");
  const shown = asWanted(tickets).filter((ticket) => !gone.value.has(ticket.ticket_id) && isShown(ticket));
  const waiting = unseen(tickets);
  const away = useDisconnected();
  const old = useLasting(board.status.value === "old", OLD_MS);
  const disconnected = away || old;
  useSound(ringer, waiting, disconnected);
  useEffect(keepAwake, []);
  const restaurant = menu.value.value?.restaurant;
  useTab(`${restaurant?.name ?? ""} · ${t("kitchen.title")}`, waiting.length, disconnected);
  const read = (ticket: Ticket) => {
    dismiss(ticket.ticket_id);
    gone.value = new Set([...gone.value, ticket.ticket_id]);
  };
  const touched = () => {
    see(waiting);
    column.value = "new";
  };
  return (
    <div
      class="board-page"
      data-connected={!disconnected}
      data-sound={ringer.sound.value}
      data-loudness={ringer.loudness.value}
      data-audible={ringer.audible.value}
    >
      {disconnected && <Lost />}
      <Head id={id} menu={menu} ringer={ringer} />
      <Tabs tickets={shown} column={column.value} onChoose={(chosen) => (column.value = chosen)} />
      <Columns board={board} tickets={shown} column={column.value} onRead={read} />
      <div class="calls">
        {!ringer.audible.value && <Muted ringer={ringer} text={t("kitchen.muted")} />}
        {waiting.length > 0 && <Ringing waiting={waiting} onTouch={touched} />}
      </div>
      <Announcer waiting={waiting} />
      {restaurant && <Asked board={board} restaurant={restaurant} />}
    </div>
  );
}

function inColumn(tickets: readonly Ticket[], column: Column): Ticket[] {
  return tickets.filter((ticket) => placeOf(ticket) === column);
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

interface ColumnsProps {
  board: Resource<Ticket[]>;
  tickets: Ticket[];
  column: Column;
  onRead: (ticket: Ticket) => void;
}

function Columns({ board, tickets, column, onRead }: ColumnsProps) {
  const element = useRef<HTMLElement>(null);
  const keep = useFocusKept(element);
  return (
    <main ref={element} class="columns" data-shown={column} onKeyDown={walk} onFocusCapture={keep}>
      {COLUMNS.map((name) => (
        <section key={name} class="column" data-column={name} aria-labelledby={`column-${name}`}>
          <h2 id={`column-${name}`}>
            {t(`kitchen.column.${name}`)} <span class="quiet number">{inColumn(tickets, name).length}</span>
          </h2>
          <ul class="stack">
            {inColumn(tickets, name).map((ticket) => (
              <li key={ticket.ticket_id}>
                <TicketCard board={board} ticket={ticket} onRead={() => onRead(ticket)} />
              </li>
            ))}
          </ul>
          {inColumn(tickets, name).length === 0 && <p class="empty">{t(`kitchen.none.${name}`)}</p>}
        </section>
      ))}
    </main>
  );
}
