import { expect, test } from "vitest";
import { Backoff } from "../../src/live/backoff";
import { endOf, isNext, parsePosition } from "../../src/live/protocol";

test("a position is an epoch and a number", () => {
  expect(parsePosition("9f3c:1018")).toEqual({ epoch: "9f3c", seq: 1018 });
  for (const wrong of ["", "7", ":7", "e:", "e:-1", "e:1.5", "e:x"])
    expect(() => parsePosition(wrong), wrong).toThrow("not a position");
});

test("next is the following number of the same epoch, or the first of all", () => {
  expect(isNext({ epoch: "e", seq: 8 }, "e:7")).toBe(true);
  expect(isNext({ epoch: "e", seq: 7 }, "e:7")).toBe(false);
  expect(isNext({ epoch: "e", seq: 9 }, "e:7")).toBe(false);
  expect(isNext({ epoch: "f", seq: 8 }, "e:7")).toBe(false);
  expect(isNext({ epoch: "e", seq: 1 }, "0:0")).toBe(true);
});

test("close codes say whether to come back", () => {
  expect(endOf(4001, "unauthenticated")).toEqual({ reason: "unauthenticated", comeBack: false, backOff: false });
  expect(endOf(4103, "overload")).toEqual({ reason: "overload", comeBack: true, backOff: true });
  expect(endOf(4200, "drain", 800)).toEqual({ reason: "drain", comeBack: true, backOff: false, afterMs: 800 });
  expect(endOf(1006, "lost").comeBack).toBe(true);
});

test("waiting grows from 2 s to 20 s and begins anew when a connection worked", () => {
  const longest = new Backoff(() => 1);
  const waits = [1, 2, 3, 4, 5, 6].map(() => longest.next());
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  longest.worked();
  expect(longest.next()).toBe(2_000);
  expect(new Backoff(() => 0).next()).toBe(0);
});

test("a server that is asked too much is left alone for longer, and its own word is kept", () => {
  expect(new Backoff(() => 1).next({ backOff: true })).toBe(8_000);
  expect(new Backoff(() => 0).next({ afterMs: 1_200 })).toBe(1_200);
});
