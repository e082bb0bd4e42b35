/** The way to the next stop: how far it still is, and when it is asked for anew. */
import { beforeEach, expect, test, vi } from "vitest";
import { Guide, progressOn, type WayView } from "../../src/courier/guide";
import type { Fix } from "../../src/courier/position";

/** 1112 m to the north. */
const NORTH: WayView = {
  to: "restaurant",
  points: [
    [60.17, 24.95],
    [60.175, 24.95],
    [60.18, 24.95],
  ],
  meters: 1112,
  seconds: 240,
  source: "streets",
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T10:00:00Z") });
});

function at(latitude: number, longitude = 24.95): Fix {
  return { latitude, longitude, accuracyMeters: 8, headingDegrees: null, speedMps: null, at: Date.now() };
}

function guided(load = vi.fn(() => Promise.resolve(NORTH))) {
  return { load, guide: new Guide(load) };
}

test("what is left shrinks along the way", () => {
  expect(progressOn(NORTH, at(60.17)).leftMeters).toBeCloseTo(1112, -1);
  const half = progressOn(NORTH, at(60.175, 24.9505));
  expect(half.leftMeters).toBeCloseTo(556, -1);
  expect(half.leftSeconds).toBeCloseTo(120, 0);
  expect(half.offMeters).toBeCloseTo(28, -1);
  expect(progressOn(NORTH, at(60.18)).leftSeconds).toBeCloseTo(0, 0);
});

test("a way without length is no way at all", () => {
  expect(progressOn({ ...NORTH, points: [[60.17, 24.95]] }, at(60.17)).leftSeconds).toBe(0);
});

test("it is asked for once, as long as the courier keeps to it", async () => {
  const { guide, load } = guided();
  for (let meters = 0; meters <= 10; meters++) {
    await guide.follow(at(60.17 + meters / 1000));
    await vi.advanceTimersByTimeAsync(20_000);
  }
  expect(load).toHaveBeenCalledTimes(1);
  expect(guide.way.value).toBe(NORTH);
});

test("whoever leaves it by more than 80 m gets another one, at most every 30 s", async () => {
  const { guide, load } = guided();
  await guide.follow(at(60.17));
  await guide.follow(at(60.172, 24.953)); // 166 m beside it
  expect(load).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(30_000);
  await guide.follow(at(60.173, 24.951)); // 55 m: still the way
  expect(load).toHaveBeenCalledTimes(1);
  await guide.follow(at(60.173, 24.953));
  expect(load).toHaveBeenCalledTimes(2);
  expect(load).toHaveBeenLastCalledWith(expect.objectContaining({ latitude: 60.173, longitude: 24.953 }));
});

test("one that could not be loaded is asked for again in a while", async () => {
  const load = vi.fn(() => Promise.resolve(NORTH)).mockRejectedValueOnce(new Error("offline"));
  const { guide } = guided(load);
  await guide.follow(at(60.17));
  expect(guide.way.value).toBeNull();
  await guide.follow(at(60.17));
  expect(load).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(30_000);
  await guide.follow(at(60.17));
  expect(guide.way.value).toBe(NORTH);
});
