/** A courier's standing, from a snapshot and the events since. */
import { expect, test, vi } from "vitest";

vi.mock("../../src/app/api", () => ({}));

const { apply, withAssignment, withoutNews } = await import("../../src/courier/standing");
const { assignment, event, NOBODY, offer } = await import("./things");

test("duty begins and ends", () => {
  const on = apply(NOBODY, event("duty.changed", { on_duty: true, since: "2026-11-23T10:00:00Z" }));
  expect(on.onDutySince).toBe("2026-11-23T10:00:00Z");
  expect(apply(on, event("duty.changed", { on_duty: false, since: null })).onDutySince).toBeNull();
});

test("an offer that is told again has more time", () => {
  const once = apply(NOBODY, event("offer.made", { offer: offer("a") }));
  const again = apply(once, event("offer.made", { offer: offer("a", { expires_at: "2026-11-23T10:05:00Z" }) }));
  expect(again.offers.map((one) => one.expires_at)).toEqual(["2026-11-23T10:05:00Z"]);
});

test.each(["expired", "withdrawn"])("an offer that is %s says so", (reason) => {
  const offered = apply(NOBODY, event("offer.made", { offer: offer("a") }));
  const { offers, news } = apply(offered, event("offer.ended", { offer_id: "a", reason }));
  expect(offers).toEqual([]);
  expect(news).toEqual([{ id: "a", number: "1043", restaurant: "Ahven & Tilli", what: reason }]);
});

test.each(["accepted", "declined"])("an offer that was %s on another device just goes", (reason) => {
  const offered = apply(NOBODY, event("offer.made", { offer: offer("a") }));
  expect(apply(offered, event("offer.ended", { offer_id: "a", reason }))).toEqual(NOBODY);
});

test("an assignment is taken, changes and ends", () => {
  const taken = apply(NOBODY, event("assignment.made", { assignment: assignment("x") }));
  const ready = apply(taken, event("assignment.changed", { assignment: assignment("x", { order_state: "ready" }) }));
  expect(ready.assignments.map((one) => one.order_state)).toEqual(["ready"]);
  expect(apply(ready, event("assignment.ended", { order_id: "x", reason: "delivered" }))).toEqual(NOBODY);
});

test("an order that was called off is news until somebody has read it", () => {
  const taken = withAssignment(NOBODY, assignment("x"));
  const over = apply(taken, event("assignment.ended", { order_id: "x", reason: "cancelled" }));
  expect(over.assignments).toEqual([]);
  expect(over.news.map((one) => one.what)).toEqual(["cancelled"]);
  expect(withoutNews(over, "x").news).toEqual([]);
});

test("an answer that says that it is over takes the order away", () => {
  const taken = withAssignment(withAssignment(NOBODY, assignment("x")), assignment("y"));
  const left = withAssignment(taken, assignment("x", { state: "ended" }));
  expect(left.assignments.map((one) => one.order_id)).toEqual(["y"]);
});

test("what is of no interest changes nothing", () => {
  expect(apply(NOBODY, event("presence.changed", {}))).toBe(NOBODY);
});
