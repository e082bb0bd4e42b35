/** The board as a live resource: the restaurant's open tickets, and those that ended without the kitchen's doing. */
import { api, ask, loadable, type Schemas } from "../app/api";
import { live } from "../app/session";
import type { LiveEvent, Snapshot } from "../live";
import type { ResourceOptions } from "../live/resource";

export type Ticket = Schemas["TicketView"];
export type TicketState = Ticket["status"]["state"];
export type Column = "new" | "cooking" | "ready";

export const COLUMNS: readonly Column[] = ["new", "cooking", "ready"];
const COLUMN_OF: Partial<Record<TicketState, Column>> = {
  new: "new",
  accepted: "cooking",
  preparing: "cooking",
  ready: "ready",
  picked_up: "ready",
};
/** Ends that the kitchen has to notice: they stay on the board until somebody has read them. */
const NOTED: ReadonlySet<TicketState> = new Set(["cancelled", "expired"]);

export function boardOf(restaurantId: string): ResourceOptions<Ticket[]> {
  const topic = `restaurant.${restaurantId}`;
  return { topic, load: () => load(restaurantId), apply, stored: (seq) => live().ack(topic, seq) };
}

async function load(id: string): Promise<Snapshot<Ticket[]>> {
  const params = { path: { restaurant_id: id } };
  const board = await loadable(ask(api.GET("/v1/restaurants/{restaurant_id}/tickets", { params })));
  return { state: board.tickets.filter(isShown), position: board.position };
}

function apply(tickets: Ticket[], event: LiveEvent): Ticket[] {
  if (event.type === "ticket.created") return withTicket(tickets, event.data.ticket);
  if (!event.type.startsWith("ticket.")) return tickets;
  const { ticket_id, status } = (event as LiveEvent<"ticket.accepted">).data;
  return tickets.map((one) => (one.ticket_id === ticket_id ? { ...one, status } : one)).filter(isShown);
}

/** The board with a ticket as the server has just told it. */
export function withTicket(tickets: readonly Ticket[], ticket: Ticket): Ticket[] {
  const at = tickets.findIndex((one) => one.ticket_id === ticket.ticket_id);
  return (at === -1 ? [...tickets, ticket] : tickets.with(at, ticket)).filter(isShown);
}

/** What was rejected, delivered, or handed to a courier leaves the board. */
export function isShown({ status }: Ticket): boolean {
  return !isDone(status.state) && !(status.state === "picked_up" && status.courier);
}

export function isDone(state: TicketState | undefined): state is "rejected" | "delivered" | "failed" {
  return state === "rejected" || state === "delivered" || state === "failed";
}

export function isNoted(state: TicketState): boolean {
  return NOTED.has(state);
}

function columnOf(state: TicketState): Column | undefined {
  return COLUMN_OF[state];
}

/** Where a ticket stands on the board; one that was called off stays where people look for it. */
export function placeOf({ status }: Ticket): Column {
  return columnOf(status.state) ?? (status.answered_at === null ? "new" : "cooking");
}

export function isUnseen({ status }: Ticket): boolean {
  return status.state === "new" && status.seen_at === null;
}
