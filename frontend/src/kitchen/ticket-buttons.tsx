/** What a person does with a ticket: an answer in two touches, each further step in one. */
import { t } from "../i18n";
import type { Resource } from "../live";
import { type Advance, advance, wanted } from "./actions";
import { asking } from "./asking";
import type { Ticket, TicketState } from "./board";

const NEXT: Partial<Record<TicketState, Advance>> = {
  accepted: "preparing",
  preparing: "ready",
  ready: "picked_up",
  picked_up: "delivered",
};

export function TicketButtons({ board, ticket }: { board: Resource<Ticket[]>; ticket: Ticket }) {
  const { state } = ticket.status;
  const busy = wanted.value.has(ticket.ticket_id);
  const next = NEXT[state];
  const ask = (what: "accept" | "reject" | "cancel") => (asking.value = { ticketId: ticket.ticket_id, what });
  return (
    <div class="ticket-buttons" aria-busy={busy}>
      {state === "new" && (
        <>
          <button class="primary grow" disabled={busy} onClick={() => ask("accept")}>
            {t("ticket.accept")}
          </button>
          <button class="danger" disabled={busy} onClick={() => ask("reject")}>
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
        <button class="plain" disabled={busy} onClick={() => ask("cancel")}>
          {t("ticket.cancel")}
        </button>
      )}
    </div>
  );
}
