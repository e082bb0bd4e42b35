/** What is being asked about a ticket. The question outlives the ticket's move: it tells who was first. */
import { signal } from "@preact/signals";
import type { Restaurant } from "../app/menu";
import { t } from "../i18n";
import type { Resource } from "../live";
import { Dialog } from "../ui/dialog";
import { accept, reject } from "./actions";
import { AcceptDialog, CancelDialog, RejectDialog } from "./answer-dialogs";
import type { Ticket } from "./board";

export const asking = signal<{ ticketId: string; what: "accept" | "reject" | "cancel" } | null>(null);

interface AskedProps {
  board: Resource<Ticket[]>;
  restaurant: Restaurant;
}

export function Asked({ board, restaurant }: AskedProps) {
  const asked = asking.value;
  if (asked === null) return null;
  const close = () => (asking.value = null);
  const ticket = board.value.value?.find((one) => one.ticket_id === asked.ticketId);
  if (ticket && asked.what === "cancel") return <CancelDialog ticket={ticket} onClose={close} />;
  if (ticket?.status.state !== "new") return <TooLate ticket={ticket} onClose={close} />;
  if (asked.what === "accept")
    return (
      <AcceptDialog
        ticket={ticket}
        usual={restaurant.preparation_minutes + restaurant.busy_extra_minutes}
        onAccept={(minutes) => {
          close();
          void accept(board, ticket, minutes);
        }}
        onClose={close}
      />
    );
  return (
    <RejectDialog
      ticket={ticket}
      onReject={(reason, note) => {
        close();
        void reject(board, ticket, reason, note);
      }}
      onClose={close}
    />
  );
}

/** It was answered, or called off, while somebody here was about to. */
function TooLate({ ticket, onClose }: { ticket: Ticket | undefined; onClose: () => void }) {
  const name = ticket?.status.answered_by_name;
  const text = name ? t("ticket.somebodyFirst", { name }) : t("ticket.over");
  return (
    <Dialog title={t("ticket.tooLate")} onClose={onClose}>
      <p role="alert">{text}</p>
      <button class="primary huge" onClick={onClose}>
        {t("ticket.read")}
      </button>
    </Dialog>
  );
}
