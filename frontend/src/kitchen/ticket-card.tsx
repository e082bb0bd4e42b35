/** One ticket: what to cook, for whom, until when, and the next touch. Touching it stops the bell everywhere. */
import { useSignal } from "@preact/signals";
import type { Restaurant } from "../app/menu";
import { clock, money, t, tOr } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { Icon } from "../ui/icons";
import { now } from "../ui/time";
import { AcceptDialog, CancelDialog, RejectDialog } from "./answer-dialogs";
import { accept, type Advance, advance, dismiss, problems, reject, see, wanted } from "./actions";
import { isNoted, isUnseen, type Ticket, type TicketState } from "./board";

interface TicketCardProps {
  board: Resource<Ticket[]>;
  ticket: Ticket;
  restaurant: Restaurant | undefined;
  onGone: () => void;
}

const NEXT: Partial<Record<TicketState, Advance>> = {
  accepted: "preparing",
  preparing: "ready",
  ready: "picked_up",
  picked_up: "delivered",
};

export function TicketCard({ board, ticket, restaurant, onGone }: TicketCardProps) {
  const { content, status } = ticket;
  const problem = problems.value.get(ticket.ticket_id);
  return (
    <article
      class="ticket"
      data-ticket={ticket.ticket_id}
      data-state={status.state}
      data-unseen={isUnseen(ticket)}
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
        <time class="quiet number">{clock(content.placed_at)}</time>
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
      {problem && (
        <p class="note bad row" role="alert">
          <span class="grow">{problem}</span>
          <button class="plain" aria-label={t("action.close")} onClick={() => dismiss(ticket.ticket_id)}>
            <Icon name="close" />
          </button>
        </p>
      )}
      {isNoted(status.state) ? (
        <CalledOff ticket={ticket} onRead={onGone} />
      ) : (
        <Buttons board={board} ticket={ticket} restaurant={restaurant} />
      )}
    </article>
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
  const left = Math.max(0, due - now.value);
  const whole = Math.max(left, due - Date.parse(ticket.created_at));
  const seconds = Math.ceil(left / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <p class="countdown" data-hurry={left < HURRY_MS}>
      <progress max={whole} value={left} aria-hidden="true" />
      <span class="number">{t("ticket.answerIn", { time: text })}</span>
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
              <span class="block">{line.options.map((option) => option.name).join(", ")}</span>
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
    <p class="quiet small">
      {t("ticket.acceptedBy", { name: answered_by_name })}
      {ready_at &&
        (state === "accepted" || state === "preparing") &&
        ` · ${t("ticket.readyAt", { time: clock(ready_at) })}`}
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

function Buttons({ board, ticket, restaurant }: Omit<TicketCardProps, "onGone">) {
  const asking = useSignal<"accept" | "reject" | "cancel" | null>(null);
  const close = () => (asking.value = null);
  const { state } = ticket.status;
  const busy = wanted.value.has(ticket.ticket_id);
  const next = NEXT[state];
  return (
    <div class="ticket-buttons" aria-busy={busy}>
      {state === "new" && (
        <>
          <button class="primary grow" disabled={busy} onClick={() => (asking.value = "accept")}>
            {t("ticket.accept")}
          </button>
          <button class="danger" disabled={busy} onClick={() => (asking.value = "reject")}>
            {t("ticket.reject")}
          </button>
        </>
      )}
      {next && (
        <button class="primary grow" disabled={busy} onClick={() => void advance(board, ticket, next)}>
          {t(`ticket.to.${next}`)}
        </button>
      )}
      {state === "accepted" && (
        <button disabled={busy} onClick={() => void advance(board, ticket, "ready")}>
          {t("ticket.to.ready")}
        </button>
      )}
      {next && state !== "picked_up" && (
        <button class="plain" disabled={busy} onClick={() => (asking.value = "cancel")}>
          {t("ticket.cancel")}
        </button>
      )}
      {asking.value === "accept" && state === "new" && (
        <AcceptDialog
          ticket={ticket}
          usual={restaurant ? restaurant.preparation_minutes + restaurant.busy_extra_minutes : 20}
          onAccept={(minutes) => {
            close();
            void accept(board, ticket, minutes);
          }}
          onClose={close}
        />
      )}
      {asking.value === "reject" && state === "new" && (
        <RejectDialog
          ticket={ticket}
          onReject={(reason, note) => {
            close();
            void reject(board, ticket, reason, note);
          }}
          onClose={close}
        />
      )}
      {asking.value === "cancel" && <CancelDialog ticket={ticket} onClose={close} />}
    </div>
  );
}
