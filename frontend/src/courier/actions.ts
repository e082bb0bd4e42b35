/**
 * What a courier does: shown at once, sent through the outbox, and taken back with the reason where the server says no.
 * Steps pressed without a connection are sent later, in the order in which they were pressed.
 */
import { signal } from "@preact/signals";
import { api, ask, Problem } from "../app/api";
import { live } from "../app/session";
import { t, tOr } from "../i18n";
import { CommandRefused, type Resource } from "../live";
import { sentence } from "../ui/hooks";
import { toServer } from "../ui/server-clock";
import { toast } from "../ui/toast";
import { type Assignment, type Offer, type Standing, withAssignment, withoutOffer } from "./standing";

type Me = Resource<Standing>;
export type Step = "arrived" | "picked_up" | "delivered";

const STEP_MS = 60 * 60_000;
const LEAST_MS = 3_000;
const STATE_AFTER = { arrived: "arrived", picked_up: "on_board", delivered: "on_board" } as const;

/** Steps of orders that the server has not confirmed, the oldest first. */
export const steps = signal<ReadonlyMap<string, readonly Step[]>>(new Map());
/** What went wrong with an order, until somebody has read it. */
export const problems = signal<ReadonlyMap<string, string>>(new Map());
/** Offers that somebody here has answered, and how. */
export const answers = signal<ReadonlyMap<string, "accept" | "decline">>(new Map());

/** The assignments as they will be when all that is under way is done. */
export function asWanted(assignments: readonly Assignment[]): Assignment[] {
  return assignments.map((assignment) => {
    const last = steps.value.get(assignment.order_id)?.at(-1);
    return last ? { ...assignment, state: STATE_AFTER[last] } : assignment;
  });
}

export async function setDuty(me: Me, on_duty: boolean): Promise<void> {
  const { on_duty_since } = await ask(api.PUT("/v1/courier/duty", { body: { on_duty } }));
  me.patch((standing) => ({ ...standing, onDutySince: on_duty_since }));
}

export async function acceptOffer(me: Me, offer: Offer): Promise<void> {
  await answer(me, offer, "accept", async ({ offer_id }) => {
    const taken = (await live().command("offer.accept", { offer_id }, untilOver(offer))) as Assignment;
    me.patch((standing) => (has(standing, taken) ? standing : withAssignment(standing, taken)));
  });
}

export async function declineOffer(me: Me, offer: Offer): Promise<void> {
  await answer(me, offer, "decline", ({ offer_id }) => live().command("offer.decline", { offer_id }, untilOver(offer)));
}

export async function advance(me: Me, assignment: Assignment, to: Step, code: string | null = null): Promise<void> {
  const { order_id, number } = assignment;
  dismiss(order_id);
  push(order_id, to);
  try {
    const options = { keep: true, expiresInMs: STEP_MS };
    const answered = (await live().command("assignment.advance", { order_id, to, code }, options)) as Assignment;
    me.patch((standing) => withAnswer(standing, assignment, answered));
    if (to === "delivered") toast(t("courier.done.delivered", { number }));
  } catch (error) {
    tell(me, assignment, whyNot(error));
  } finally {
    drop(order_id, to);
  }
}

export async function giveBack(order_id: string, reason: string): Promise<void> {
  await ask(api.POST("/v1/assignments/{order_id}/unassign", { params: { path: { order_id } }, body: { reason } }));
}

export async function fail(order_id: string, reason: string): Promise<void> {
  await ask(api.POST("/v1/assignments/{order_id}/fail", { params: { path: { order_id } }, body: { reason } }));
}

export function dismiss(orderId: string): void {
  if (problems.value.has(orderId)) problems.value = new Map([...problems.value].filter(([id]) => id !== orderId));
}

/** What to tell a courier about an error. */
export function whyNot(error: unknown): string {
  if (!(error instanceof CommandRefused || error instanceof Problem)) return sentence(error);
  const details = error instanceof CommandRefused ? error.details : error.body;
  if (error.code === "code_wrong") return wrongCode(Number(details["attempts_left"]));
  if (error.code === "order_cannot_change")
    return tOr(`courier.cannot.${String(details["state"])}`, t("courier.cannot.other"));
  return tOr(`courier.error.${error.code}`, sentence(error));
}

function wrongCode(left: number): string {
  return left > 0 ? t("courier.codeWrong", { count: left }) : t("courier.codeWrongLast");
}

async function answer(me: Me, offer: Offer, how: "accept" | "decline", send: (offer: Offer) => Promise<unknown>) {
  const id = offer.offer_id;
  if (answers.value.has(id)) return;
  answers.value = new Map([...answers.value, [id, how]]);
  try {
    await send(offer);
  } catch (error) {
    toast(`${offer.restaurant.name}: ${whyNot(error)}`);
  } finally {
    me.patch((standing) => withoutOffer(standing, id));
    answers.value = new Map([...answers.value].filter(([one]) => one !== id));
  }
}

/** Nobody wants an offer after its time. */
function untilOver(offer: Offer) {
  return { keep: true, expiresInMs: Math.max(LEAST_MS, Date.parse(offer.expires_at) - toServer(Date.now())) };
}

function has({ assignments }: Standing, { order_id }: Assignment): boolean {
  return assignments.some((one) => one.order_id === order_id);
}

/** The answer, unless events have brought the order further meanwhile: they are newer. */
function withAnswer(standing: Standing, before: Assignment, answered: Assignment): Standing {
  const now = standing.assignments.find((one) => one.order_id === answered.order_id);
  const isSame = now?.order_state === before.order_state && RANK[now.state] <= RANK[answered.state];
  return isSame ? withAssignment(standing, answered) : standing;
}

const RANK: Record<Assignment["state"], number> = {
  waiting: 0,
  searching: 0,
  offered: 0,
  assigned: 1,
  arrived: 2,
  on_board: 3,
  ended: 4,
};

function push(orderId: string, step: Step): void {
  steps.value = new Map([...steps.value, [orderId, [...(steps.value.get(orderId) ?? []), step]]]);
}

function drop(orderId: string, step: Step): void {
  const left = (steps.value.get(orderId) ?? []).filter((one) => one !== step);
  const others = [...steps.value].filter(([id]) => id !== orderId);
  steps.value = new Map(left.length > 0 ? [...others, [orderId, left]] : others);
}

/** On the order itself while the courier has it, else in passing. */
function tell(me: Me, assignment: Assignment, text: string): void {
  const { order_id, number } = assignment;
  const standing = me.value.peek();
  if (standing && has(standing, assignment)) problems.value = new Map([...problems.value, [order_id, text]]);
  else toast(`${number}: ${text}`);
}
