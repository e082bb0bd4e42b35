/** What a courier presses: shown at once, sent in order, taken back with the reason. */
import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";
import { CommandRefused, type Resource } from "../../src/live";
import type { Assignment, Standing } from "../../src/courier/standing";
import { settle } from "./fakes";
import { assignment, NOBODY, offer } from "./things";

interface Sent {
  name: string;
  data: Record<string, unknown>;
  options: { keep: boolean; expiresInMs: number };
  answer: (data: unknown) => Promise<void>;
  refuse: (code: string, details?: Record<string, unknown>) => Promise<void>;
}

const sent: Sent[] = [];

function command(name: string, data: Sent["data"], options: Sent["options"]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answer = (answered: unknown) => (resolve(answered), settle());
    const refuse = (code: string, details = {}) => {
      reject(new CommandRefused({ code, message: code, details }));
      return settle();
    };
    sent.push({ name, data, options, answer, refuse });
  });
}

vi.mock("../../src/app/api", () => ({ Problem: class extends Error {} }));
vi.mock("../../src/app/session", () => ({ live: () => ({ command }) }));

const { acceptOffer, advance, answers, asWanted, problems, steps, declineOffer } =
  await import("../../src/courier/actions");

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T10:00:00Z") });
  sent.length = 0;
  problems.value = new Map();
});

function courier(changed: Partial<Standing>) {
  const value = signal<Standing | undefined>({ ...NOBODY, ...changed });
  const patch = (change: (standing: Standing) => Standing) => {
    value.value = change(value.value as Standing);
  };
  const me = { value, patch } as unknown as Resource<Standing>;
  const shown = () => asWanted((value.value as Standing).assignments);
  const taken = () => shown()[0] as Assignment;
  return { me, value, shown, taken };
}

test("a step shows at once and stays as the server has it", async () => {
  const { me, taken, value } = courier({ assignments: [assignment("x")] });
  void advance(me, taken(), "arrived");
  expect(taken().state).toBe("arrived");
  expect(value.value?.assignments[0]?.state).toBe("assigned");
  expect(sent[0]).toMatchObject({ name: "assignment.advance", data: { order_id: "x", to: "arrived", code: null } });
  expect(sent[0]?.options.keep).toBe(true);
  await sent[0]?.answer(assignment("x", { state: "arrived" }));
  expect(value.value?.assignments[0]?.state).toBe("arrived");
  expect(steps.value.size).toBe(0);
});

test("two steps pressed without a connection are two commands in order", async () => {
  const { me, taken } = courier({ assignments: [assignment("x", { order_state: "ready" })] });
  void advance(me, taken(), "arrived");
  void advance(me, taken(), "picked_up");
  expect(taken().state).toBe("on_board");
  expect(sent.map((one) => one.data["to"])).toEqual(["arrived", "picked_up"]);
  await sent[0]?.answer(assignment("x", { state: "arrived", order_state: "ready" }));
  expect(taken().state).toBe("on_board");
  await sent[1]?.answer(assignment("x", { state: "on_board", order_state: "picked_up" }));
  expect(taken().state).toBe("on_board");
  expect(steps.value.size).toBe(0);
});

test("an order that is not ready is taken back with the reason", async () => {
  const { me, taken } = courier({ assignments: [assignment("x", { state: "arrived" })] });
  void advance(me, taken(), "picked_up");
  await sent[0]?.refuse("order_cannot_change", { state: "preparing" });
  expect(taken().state).toBe("arrived");
  expect(problems.value.get("x")).toBe("The kitchen has not said that it is ready.");
});

test("a wrong code says how often it may still be tried", async () => {
  const { me, taken } = courier({ assignments: [assignment("x", { state: "on_board" })] });
  void advance(me, taken(), "delivered", "0000");
  expect(taken().state).toBe("on_board");
  await sent[0]?.refuse("code_wrong", { attempts_left: 4 });
  expect(problems.value.get("x")).toBe("That is not the code. 4 attempts left.");
  void advance(me, taken(), "delivered", "0001");
  expect(problems.value.size).toBe(0);
  await sent[1]?.refuse("code_wrong", { attempts_left: 0 });
  expect(problems.value.get("x")).toBe("That is not the code. The next attempt is taken in a minute.");
});

test("a delivered order goes", async () => {
  const { me, shown, taken } = courier({
    assignments: [assignment("x", { state: "on_board", order_state: "picked_up" })],
  });
  void advance(me, taken(), "delivered", "4821");
  await sent[0]?.answer(assignment("x", { state: "ended", order_state: "delivered" }));
  expect(shown()).toEqual([]);
});

test("an accepted offer becomes an order, and nobody waits longer than it lasts", async () => {
  const { me, value, shown } = courier({ offers: [offer("a")] });
  void acceptOffer(me, offer("a"));
  void acceptOffer(me, offer("a")); // a second touch
  expect(answers.value.get("a")).toBe("accept");
  expect(sent.map((one) => [one.name, one.options])).toEqual([["offer.accept", { keep: true, expiresInMs: 20_000 }]]);
  await sent[0]?.answer(assignment("order of a"));
  expect(value.value?.offers).toEqual([]);
  expect(shown().map((one) => one.order_id)).toEqual(["order of a"]);
  expect(answers.value.size).toBe(0);
});

test("an offer that is gone goes", async () => {
  const { me, value } = courier({ offers: [offer("a")] });
  void acceptOffer(me, offer("a"));
  await sent[0]?.refuse("offer_gone", { state: "expired" });
  expect(value.value).toEqual(NOBODY);
  expect(answers.value.size).toBe(0);
});

test("a declined offer goes", async () => {
  const { me, value } = courier({ offers: [offer("a")] });
  void declineOffer(me, offer("a"));
  await sent[0]?.answer(undefined);
  expect(sent[0]?.name).toBe("offer.decline");
  expect(value.value).toEqual(NOBODY);
});
