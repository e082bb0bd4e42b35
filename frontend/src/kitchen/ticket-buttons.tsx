/** What a person does with a ticket: an answer in two touches, each further step in one. */
import { useSignal } from "@preact/signals";
import type { Restaurant } from "../app/menu";
import { t } from "../i18n";
import type { Resource } from "../live";
import { accept, type Advance, advance, reject, wanted } from "./actions";
import { AcceptDialog, CancelDialog, RejectDialog } from "./answer-dialogs";
import type { Ticket, TicketState } from "./board";

const NEXT: Partial<Record<TicketState, Advance>> = {
  accepted: "preparing",
  preparing: "ready",
  ready: "picked_up",
  picked_up: "delivered",
};
const USUAL_MINUTES = 20;

interface TicketButtonsProps {
  board: Resource<Ticket[]>;
  ticket: Ticket;
  restaurant: Restaurant | undefined;
}

export function TicketButtons({ board, ticket, restaurant }: TicketButtonsProps) {
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
          usual={restaurant ? restaurant.preparation_minutes + restaurant.busy_extra_minutes : USUAL_MINUTES}
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
