/** One ticket: what to cook, for whom, until when, and the next touch. Touching it stops the bell everywhere. */
import { clock, day, money, t, tOr } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { Icon } from "../ui/icons";
import { serverNow } from "../ui/server-clock";
import { minutesAndSeconds } from "../ui/time";
import { dismiss, problems, see, unseen, wanted } from "./actions";
import { isNoted, type Ticket } from "./board";
import { TicketButtons } from "./ticket-buttons";

interface TicketCardProps {
  board: Resource<Ticket[]>;
  ticket: Ticket;
  /** somebody has read that it was called off */
  onRead: () => void;
}

export function TicketCard({ board, ticket, onRead }: TicketCardProps) {
  const { content, status } = ticket;
  const problem = problems.value.get(ticket.ticket_id);
  return (
    <article
      class="ticket"
      data-ticket={ticket.ticket_id}
      data-state={status.state}
      data-unseen={unseen([ticket]).length > 0}
      tabIndex={0}
      aria-label={t("ticket.label", { number: content.number })}
      onPointerDown={() => see([ticket])}
      onFocusCapture={(event) =>
        event.target instanceof HTMLElement && event.target.matches(":focus-visible") && see([ticket])
      }
    >
      <header class="row">
        <h3 class="grow">
          <span class="ticket-number">{content.number}</span> {content.customer_name}
        </h3>
        <Age placedAt={content.placed_at} />
      </header>
      <Waiting ticket={ticket} />
      {status.state === "new" && <Countdown ticket={ticket} />}
      <Lines ticket={ticket} />
      {content.note && <p class="wish">{content.note}</p>}
      <p class="quiet small">
        {content.destination.street}, {content.destination.city}
        {content.destination.note && ` · ${content.destination.note}`}
      </p>
      <p class="quiet small">
        {money(content.total_minor, content.currency)} · {tOr(`ticket.paid.${content.paid_by}`, content.paid_by)}
      </p>
      <Answered ticket={ticket} />
      <Courier ticket={ticket} />
      {problem && (
        <p class="note bad row" role="alert">
          <span class="grow">{problem}</span>
          <button class="plain" aria-label={t("action.close")} onClick={() => dismiss(ticket.ticket_id)}>
            <Icon name="close" />
          </button>
        </p>
      )}
      {isNoted(status.state) ? (
        <CalledOff ticket={ticket} onRead={onRead} />
      ) : (
        <TicketButtons board={board} ticket={ticket} />
      )}
    </article>
  );
}

function Age({ placedAt }: { placedAt: string }) {
  const minutes = Math.max(0, Math.floor((serverNow.value - Date.parse(placedAt)) / 60_000));
  return (
    <time class="quiet number" dateTime={placedAt} title={day(placedAt)}>
      {t("ticket.age", { minutes })}
    </time>
  );
}

/** Told while what a person has wanted is not confirmed. */
function Waiting({ ticket }: { ticket: Ticket }) {
  const disconnected = useDisconnected();
  if (!wanted.value.has(ticket.ticket_id) || !disconnected) return null;
  return <p class="badge warn">{t("ticket.waiting")}</p>;
}

const HURRY_MS = 60_000;

function Countdown({ ticket }: { ticket: Ticket }) {
  const due = Date.parse(ticket.status.answer_due_at);
  const left = Math.max(0, due - serverNow.value);
  const whole = Math.max(left, due - Date.parse(ticket.created_at));
  return (
    <p class="countdown" data-hurry={left < HURRY_MS}>
      <progress max={whole} value={left} aria-hidden="true" />
      <span class="number">{t("ticket.answerIn", { time: minutesAndSeconds(Math.ceil(left / 1000)) })}</span>
    </p>
  );
}

function Lines({ ticket }: { ticket: Ticket }) {
  return (
    <ul class="ticket-lines">
      {ticket.content.lines.map((line, at) => (
        <li key={at}>
          <strong class="number">{line.quantity} ×</strong>
          <div>
            <strong>{line.name}</strong>
            {line.options.length > 0 && (
              <span class="options">{line.options.map((option) => option.name).join(", ")}</span>
            )}
            {line.note && <span class="wish">{line.note}</span>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Answered({ ticket }: { ticket: Ticket }) {
  const { answered_by_name, ready_at, state } = ticket.status;
  if (state === "new" || !answered_by_name) return null;
  return (
    <p class="answered quiet small">
      {t("ticket.acceptedBy", { name: answered_by_name })}
      {ready_at &&
        (state === "accepted" || state === "preparing") &&
        ` · ${t("ticket.readyAt", { time: clock(ready_at) })}`}
    </p>
  );
}

/** Who fetches it, and whether they stand at the counter. */
function Courier({ ticket }: { ticket: Ticket }) {
  const { courier, state } = ticket.status;
  if (!courier || isNoted(state)) return null;
  return (
    <p class="ticket-courier row small" data-here={courier.state === "arrived"}>
      <Icon name="person" size={18} />
      {t(`ticket.courier.${courier.state}`, { name: courier.name })}
    </p>
  );
}

function CalledOff({ ticket, onRead }: { ticket: Ticket; onRead: () => void }) {
  const { state, reason } = ticket.status;
  return (
    <div class="note bad stack" role="alert">
      <strong>{state === "expired" ? t("ticket.expired") : t("ticket.cancelled")}</strong>
      {reason && state !== "expired" && <p>{reason}</p>}
      <button onClick={onRead}>{t("ticket.read")}</button>
    </div>
  );
}
