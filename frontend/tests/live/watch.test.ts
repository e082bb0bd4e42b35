/** Topics that keep only their newest value: who is told it, and when it is not known to be the newest any more. */
import { beforeEach, expect, test, vi } from "vitest";
import { type Tab, Scene } from "./scripted";

beforeEach(() => void vi.useFakeTimers());

const TOPIC = "order.1.location";
const FINE = { topic: TOPIC, ok: true };
const FORBIDDEN = { topic: TOPIC, ok: false, reason: "forbidden" } as const;

/** What a tab's watcher is told. */
function watching(tab: Tab) {
  const told: unknown[] = [];
  const stop = tab.live.watch(TOPIC, { latest: (data) => told.push(data), refused: () => told.push("refused") });
  return { told, stop };
}

/** A tab that watches, and has been told 1. */
function watched(kind: "stream" | "socket" = "socket") {
  const scene = new Scene(kind);
  const tab = scene.tab();
  const { told, stop } = watching(tab);
  vi.advanceTimersByTime(10);
  scene.wire.open(FINE);
  scene.wire.latest(TOPIC, 1);
  return { scene, tab, told, stop };
}

test("each new value is told, and there is no position to ask from", () => {
  const { scene, told } = watched();
  scene.wire.latest(TOPIC, 2);
  expect([scene.wire.topics, told]).toEqual([{ [TOPIC]: null }, [1, 2]]);
});

test("a tab that comes later has the newest value at once, and asks nothing of the server", () => {
  const { scene, told } = watched();
  scene.wire.latest(TOPIC, 2);
  const late = watching(scene.tab());
  expect([late.told, scene.wire.asked]).toEqual([[2], []]);
  scene.wire.latest(TOPIC, 3);
  expect([told, late.told]).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
});

test("a tab that comes before the first answer waits for it", () => {
  const scene = new Scene();
  const tabs = [scene.tab(), scene.tab()].map(watching);
  vi.advanceTimersByTime(10);
  scene.wire.open(FINE);
  expect(tabs.map(({ told }) => told)).toEqual([[], []]);
  scene.wire.latest(TOPIC, 1);
  expect(tabs.map(({ told }) => told)).toEqual([[1], [1]]);
});

test.each(["stream", "socket"] as const)(
  "a lost connection asks again, and tells nothing old meanwhile (%s)",
  (kind) => {
    const { scene, told } = watched(kind);
    scene.wire.end();
    const late = watching(scene.tab());
    vi.advanceTimersByTime(2_000);
    expect(scene.wire.topics).toEqual({ [TOPIC]: null });
    expect(late.told).toEqual([]);
    scene.wire.open(FINE);
    const later = watching(scene.tab());
    expect([late.told, later.told]).toEqual([[], []]);
    scene.wire.latest(TOPIC, 2);
    expect([told, late.told, later.told]).toEqual([[1, 2], [2], [2]]);
  },
);

test("after a refusal nothing is told any more, and whoever comes next asks again", () => {
  const { scene, told } = watched();
  scene.wire.sync(FORBIDDEN);
  scene.wire.latest(TOPIC, 2);
  expect(told).toEqual([1, "refused"]);
  const late = watching(scene.tab());
  expect([late.told, scene.wire.asked]).toEqual([[], [{ [TOPIC]: null }]]);
  scene.wire.sync(FINE);
  scene.wire.latest(TOPIC, 3);
  expect([told, late.told]).toEqual([[1, "refused", 3], [3]]);
});

test("a topic that nobody watches any more is left, and not before", () => {
  const { scene, told, stop } = watched();
  const other = watching(scene.tab());
  stop();
  stop();
  scene.wire.latest(TOPIC, 2);
  expect([told, other.told, scene.wire.left]).toEqual([[1], [1, 2], []]);
  other.stop();
  expect(scene.wire.left).toEqual([TOPIC]);
  scene.wire.latest(TOPIC, 3);
  expect(other.told).toEqual([1, 2]);
});

test("two watchers of one tab leave with the last of them", () => {
  const { scene, tab, stop } = watched();
  const second = watching(tab);
  expect(second.told).toEqual([1]);
  stop();
  expect(scene.wire.left).toEqual([]);
  scene.hub.drop(tab);
  expect(scene.wire.closed || scene.wire.left.includes(TOPIC)).toBe(true);
});

test("another account's values are not told: the connection is opened anew", () => {
  const { scene, tab, told } = watched();
  tab.say({ type: "identify", account: "eve" });
  const late = watching(scene.tab("eve"));
  scene.wire.open(FORBIDDEN);
  scene.wire.latest(TOPIC, 2);
  expect([told, late.told]).toEqual([[1, "refused"], ["refused"]]);
});
