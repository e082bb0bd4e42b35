/** Offers, assignments and events, as the server tells them. */
import type { Assignment, Offer, Standing } from "../../src/courier/standing";
import type { LiveEvent } from "../../src/live";

const RESTAURANT = { name: "Ahven & Tilli", address: "Kaisaniemenkatu 3", latitude: 60.171, longitude: 24.947 };
const DESTINATION = { street: "Liisankatu 4", city: "Helsinki", note: "", latitude: 60.174, longitude: 24.957 };

export const NOBODY: Standing = { name: "Kai", onDutySince: null, offers: [], assignments: [], news: [] };

export function offer(id: string, changed: Partial<Offer> = {}): Offer {
  return {
    offer_id: id,
    order_id: `order of ${id}`,
    number: "1043",
    restaurant: RESTAURANT,
    destination: DESTINATION,
    distance_meters: 640,
    way_meters: 1210,
    ready_at: "2026-11-23T10:20:00Z",
    offered_at: "2026-11-23T10:00:00Z",
    expires_at: "2026-11-23T10:00:20Z",
    ...changed,
  };
}

export function assignment(id: string, changed: Partial<Assignment> = {}): Assignment {
  return {
    order_id: id,
    number: "1043",
    state: "assigned",
    order_state: "preparing",
    restaurant: RESTAURANT,
    destination: DESTINATION,
    customer_name: "Aino",
    note: "",
    lines: [{ quantity: 2, name: "Salmon soup" }],
    total_minor: 2780,
    currency: "EUR",
    paid_by: "on delivery",
    ready_at: "2026-11-23T10:20:00Z",
    assigned_at: "2026-11-23T10:00:05Z",
    arrived_at: null,
    picked_up_at: null,
    ...changed,
  };
}

export function event(type: string, data: unknown): LiveEvent {
  return { topic: "courier.kai", epoch: "e", seq: 1, type, at: "2026-11-23T10:00:00Z", data } as LiveEvent;
}
