/**
 * What a kitchen does with tickets: shown at once, sent through the outbox, and taken back with the reason where the
 * server says no. A lost connection or a reload loses nothing; an answer that nobody could send in time is given up.
 */
import { signal } from "@preact/signals";
import { live } from "../app/session";
import { t } from "../i18n";
import { CommandRefused, type Resource } from "../live";
import { sentence } from "../ui/hooks";
import { serverNow } from "../ui/server-clock";
import { toast } from "../ui/toast";
import { isDone, isShown, isUnseen, type Ticket, type TicketState, withTicket } from "./board";

type Board = Resource<Ticket[]>;
export type RejectReason = "too_busy" | "item_unavailable" | "closing" | "cannot_deliver" | "other";
export type Advance = "preparing" | "ready" | "picked_up" | "delivered";

const ADVANCE_MS = 10 * 60_000;
const LEAST_MS = 5_000;

/** What a person wants of a ticket and the server has not confirmed: the state it will have. */
export const wanted = signal<ReadonlyMap<string, TicketState>>(new Map());
/** What went wrong with a ticket, until somebody has read it. */
export const problems = signal<ReadonlyMap<string, string>>(new Map());
const seen = signal<ReadonlySet<string>>(new Set());

/** The tickets as they will be when all that is under way is done. */
export function asWanted(tickets: readonly Ticket[]): Ticket[] {
  return tickets.map((ticket) => {
    const state = wanted.value.get(ticket.ticket_id);
    return state ? { ...ticket, status: { ...ticket.status, state } } : ticket;
  });
}

/** The tickets for which it has to ring. */
export function unseen(tickets: readonly Ticket[]): Ticket[] {
  return tickets.filter((ticket) => isUnseen(ticket) && !seen.value.has(ticket.ticket_id));
}

/** A person has touched them: the sound stops here at once, and everywhere within a second. */
export function see(tickets: readonly Ticket[]): void {
  const fresh = unseen(tickets);
  if (fresh.length === 0) return;
  seen.value = new Set([...seen.value, ...fresh.map((ticket) => ticket.ticket_id)]);
  for (const ticket of fresh) {
    const { ticket_id } = ticket;
    live()
      .command("ticket.acknowledge", { ticket_id, state: "seen" }, untilDue(ticket))
      .catch(() => {
        // nobody was told: it rings again
        seen.value = new Set([...seen.value].filter((id) => id !== ticket_id));
      });
  }
}

export async function accept(board: Board, ticket: Ticket, minutes: number): Promise<void> {
  const send = () => live().command("ticket.accept", { ticket_id: ticket.ticket_id, minutes }, untilDue(ticket));
  await act(board, ticket, "accepted", send);
}

export async function reject(board: Board, ticket: Ticket, reason: RejectReason, note: string): Promise<void> {
  const send = () => live().command("ticket.reject", { ticket_id: ticket.ticket_id, reason, note }, untilDue(ticket));
  await act(board, ticket, "rejected", send);
}

export async function advance(board: Board, ticket: Ticket, to: Advance): Promise<void> {
  const options = { keep: true, expiresInMs: ADVANCE_MS };
  await act(board, ticket, to, () => live().command("ticket.advance", { ticket_id: ticket.ticket_id, to }, options));
}

/** Nobody wants to accept an order after its deadline. */
function untilDue(ticket: Ticket) {
  const left = Date.parse(ticket.status.answer_due_at) - serverNow.peek();
  return { keep: true, expiresInMs: Math.max(LEAST_MS, left) };
}

async function act(board: Board, ticket: Ticket, state: TicketState, send: () => Promise<unknown>): Promise<void> {
  const id = ticket.ticket_id;
  if (wanted.value.has(id)) return;
  dismiss(id);
  wanted.value = new Map([...wanted.value, [id, state]]);
  try {
    const answered = (await send()) as Ticket;
    board.patch((tickets) => withAnswer(tickets, ticket, answered));
    const { courier } = answered.status;
    if (isDone(state)) toast(t(`ticket.done.${state}`, { number: ticket.content.number }));
    else if (!isShown(answered) && courier)
      toast(t("ticket.handedOver", { number: ticket.content.number, name: courier.name }));
  } catch (error) {
    tell(board, ticket, error);
  } finally {
    wanted.value = new Map([...wanted.value].filter(([one]) => one !== id));
  }
}

/** The answer, unless events have brought the ticket further meanwhile: they are newer. */
function withAnswer(tickets: readonly Ticket[], before: Ticket, answered: Ticket): Ticket[] {
  const now = tickets.find((one) => one.ticket_id === answered.ticket_id);
  return now?.status.state === before.status.state ? withTicket(tickets, answered) : [...tickets];
}

/** On the ticket itself where it stays on the board, else in passing. */
function tell(board: Board, ticket: Ticket, error: unknown): void {
  const text = whyNot(error);
  const state = error instanceof CommandRefused ? (error.details["state"] as TicketState | undefined) : undefined;
  const there = board.value.peek()?.some((one) => one.ticket_id === ticket.ticket_id);
  if (there && !isDone(state)) problems.value = new Map([...problems.value, [ticket.ticket_id, text]]);
  else toast(`${ticket.content.number}: ${text}`);
}

export function dismiss(ticketId: string): void {
  if (problems.value.has(ticketId)) problems.value = new Map([...problems.value].filter(([id]) => id !== ticketId));
}

function whyNot(error: unknown): string {
  if (!(error instanceof CommandRefused)) return sentence(error);
  if (error.code === "ticket_already_answered") {
    const name = error.details["answered_by_name"] as string;
    return t("ticket.somebodyFirst", { name });
  }
  if (error.code === "expired") return t("ticket.notSent");
  return sentence(error);
}
