/** How it stands with a courier, as a live resource: duty, offers and assignments, and what came to an end unasked. */
import { api, ask, loadable, type Schemas } from "../app/api";
import type { LiveEvent, Snapshot } from "../live";
import type { ResourceOptions } from "../live/resource";

export type Offer = Schemas["OfferView"];
export type Assignment = Schemas["AssignmentView"];

/** An end that nobody here has brought about; it is told until somebody has read it. */
export interface News {
  /** of the offer, or of the order */
  id: string;
  number: string;
  restaurant: string;
  what: "expired" | "withdrawn" | "cancelled" | "unassigned";
}

export interface Standing {
  name: string;
  onDutySince: string | null;
  offers: readonly Offer[];
  assignments: readonly Assignment[];
  news: readonly News[];
}

const MOST_NEWS = 3;

export function standingOf(accountId: string): ResourceOptions<Standing> {
  return { topic: `courier.${accountId}`, load, apply };
}

async function load(): Promise<Snapshot<Standing>> {
  const view = await loadable(ask(api.GET("/v1/courier")));
  const { name, on_duty_since, offers, assignments, position } = view;
  return { state: { name, onDutySince: on_duty_since, offers, assignments, news: [] }, position };
}

export function apply(standing: Standing, event: LiveEvent): Standing {
  switch (event.type) {
    case "duty.changed":
      return { ...standing, onDutySince: event.data.since };
    case "offer.made":
      return { ...standing, offers: [...without(standing.offers, event.data.offer), event.data.offer] };
    case "offer.ended":
      return offerEnded(standing, event.data);
    case "assignment.made":
    case "assignment.changed":
      return withAssignment(standing, event.data.assignment);
    case "assignment.ended":
      return assignmentEnded(standing, event.data);
    default:
      return standing;
  }
}

/** With an assignment as the server has just told it. */
export function withAssignment(standing: Standing, assignment: Assignment): Standing {
  const at = standing.assignments.findIndex((one) => one.order_id === assignment.order_id);
  const { assignments } = standing;
  const changed = at === -1 ? [...assignments, assignment] : assignments.with(at, assignment);
  return { ...standing, assignments: changed.filter((one) => one.state !== "ended") };
}

export function withoutOffer(standing: Standing, offerId: string): Standing {
  return { ...standing, offers: standing.offers.filter((one) => one.offer_id !== offerId) };
}

export function withoutNews(standing: Standing, id: string): Standing {
  return { ...standing, news: standing.news.filter((one) => one.id !== id) };
}

function without(offers: readonly Offer[], offer: Offer): Offer[] {
  return offers.filter((one) => one.offer_id !== offer.offer_id);
}

function offerEnded(standing: Standing, { offer_id, reason }: LiveEvent<"offer.ended">["data"]): Standing {
  const offer = standing.offers.find((one) => one.offer_id === offer_id);
  const left = withoutOffer(standing, offer_id);
  const isUnasked = reason === "expired" || reason === "withdrawn";
  return offer && isUnasked ? withNews(left, offer_id, offer, reason) : left;
}

function assignmentEnded(standing: Standing, { order_id, reason }: LiveEvent<"assignment.ended">["data"]): Standing {
  const assignment = standing.assignments.find((one) => one.order_id === order_id);
  const left = { ...standing, assignments: standing.assignments.filter((one) => one.order_id !== order_id) };
  const isUnasked = reason === "cancelled" || reason === "unassigned";
  return assignment && isUnasked ? withNews(left, order_id, assignment, reason) : left;
}

function withNews(standing: Standing, id: string, of: Offer | Assignment, what: News["what"]): Standing {
  const news = { id, number: of.number, restaurant: of.restaurant.name, what };
  return { ...standing, news: [...withoutNews(standing, id).news, news].slice(-MOST_NEWS) };
}
