/** Who is told what on a topic: tabs at different positions, resets, refusals, and what is asked of the server. */
import { beforeEach, expect, test, vi } from "vitest";
import { lost, ok, Scene, TOPIC } from "./scripted";

beforeEach(() => void vi.useFakeTimers());

/** A tab that is live at e:10. */
function liveAtTen(kind: "stream" | "socket" = "socket") {
  const scene = new Scene(kind);
  const tab = scene.tab();
  tab.follow("e:10");
  vi.advanceTimersByTime(10);
  scene.wire.open(ok(10));
  return { scene, tab };
}

test("follows that come together are one connection", () => {
  const scene = new Scene("stream");
  const tab = scene.tab();
  tab.follow("e:1", "order.1");
  tab.follow(null, "menu.2");
  vi.advanceTimersByTime(10);
  expect(scene.wires.map((wire) => wire.topics)).toEqual([{ "order.1": "e:1", "menu.2": null }]);
});

test("a second tab at the same place asks nothing of the server", () => {
  const { scene, tab } = liveAtTen();
  const other = scene.tab();
  other.follow("e:10");
  scene.wire.events(11);
  expect([tab.seqs, other.seqs, other.syncs]).toEqual([[11], [11], ["ok"]]);
  expect(scene.wires).toHaveLength(1);
  expect(scene.wire.asked).toEqual([]);
});

test("a tab a little behind is given what it misses from the ring", () => {
  const { scene } = liveAtTen();
  scene.wire.events(11, 12, 13);
  const late = scene.tab();
  late.follow("e:11");
  expect(late.seqs).toEqual([12, 13]);
  expect(scene.wire.asked).toEqual([]);
});

test("a tab ahead of the hub just waits", () => {
  const { scene } = liveAtTen();
  const ahead = scene.tab();
  ahead.follow("e:12");
  expect([ahead.syncs, scene.wire.asked]).toEqual([["ok"], []]);
});

test("for a tab far behind the server is asked again, and nothing reaches it before its turn", () => {
  const { scene, tab } = liveAtTen();
  const late = scene.tab();
  late.follow("e:5");
  expect(scene.wire.asked).toEqual([{ [TOPIC]: "e:5" }]);
  scene.wire.events(11); // of the old subscription, on its way
  expect(late.seqs).toEqual([]);
  scene.wire.sync(ok(5, { to: 11 }));
  scene.wire.events(6, 7, 8, 9, 10, 11);
  expect(late.seqs).toEqual([6, 7, 8, 9, 10, 11]);
  expect(tab.seqs.slice(-1)).toEqual([11]);
});

test("an answer to an earlier question is not taken for the answer to a later one", () => {
  const scene = new Scene();
  const tab = scene.tab();
  tab.follow("e:10", "user.1");
  vi.advanceTimersByTime(10);
  scene.wire.open(ok(10, { topic: "user.1" }));
  tab.follow("e:10");
  const late = scene.tab();
  late.follow("e:5");
  scene.wire.sync(ok(10));
  scene.wire.events(11);
  expect(late.seqs).toEqual([]);
  scene.wire.sync(ok(5, { to: 11 }));
  scene.wire.events(6, 7, 8, 9, 10, 11);
  expect(late.seqs).toEqual([6, 7, 8, 9, 10, 11]);
});

test("a stream is opened anew for an older position, from there", () => {
  const { scene } = liveAtTen("stream");
  scene.tab().follow("e:5");
  expect(scene.wires).toHaveLength(1);
  vi.advanceTimersByTime(10);
  expect(scene.wire.topics).toEqual({ [TOPIC]: "e:5" });
  expect(scene.openWires).toBe(1);
});

test("the ring is not without end", () => {
  const { scene } = liveAtTen();
  scene.wire.events(...Array.from({ length: 201 }, (_, index) => index + 11));
  scene.tab().follow("e:11");
  expect(scene.wire.asked).toEqual([]);
  scene.tab().follow("e:10");
  expect(scene.wire.asked).toEqual([{ [TOPIC]: "e:10" }]);
});

test("after a reset events go on, and a snapshot not older than it needs no other question", () => {
  const { scene, tab } = liveAtTen();
  scene.wire.sync(lost("trimmed", 20));
  expect(tab.syncs).toEqual(["ok", "trimmed"]);
  scene.wire.events(21, 22);
  tab.follow("e:21");
  expect(tab.seqs).toEqual([21, 22, 22]);
  expect(scene.wire.asked).toEqual([]);
});

test("a snapshot older than the reset asks again", () => {
  const { scene, tab } = liveAtTen();
  scene.wire.sync(lost("trimmed", 20));
  tab.follow("e:18");
  expect(scene.wire.asked).toEqual([{ [TOPIC]: "e:18" }]);
});

test("whoever has no position is told to load a snapshot: once, though the connection is lost", () => {
  const { scene } = liveAtTen();
  const fresh = scene.tab();
  fresh.follow(null);
  expect(fresh.syncs).toEqual(["position"]);
  scene.wire.end();
  vi.advanceTimersByTime(2_000);
  scene.wire.open(ok(10));
  expect(fresh.syncs).toEqual(["position", "ok"]);
});

test("a tab without a position that comes while the server is asked is told with the answer", () => {
  const scene = new Scene();
  const [tab, fresh] = [scene.tab(), scene.tab()];
  tab.follow("e:10");
  fresh.follow(null);
  vi.advanceTimersByTime(10);
  scene.wire.open(ok(10));
  expect([tab.syncs, fresh.syncs]).toEqual([["ok"], ["position"]]);
  scene.wire.end();
  vi.advanceTimersByTime(2_000);
  scene.wire.open(ok(10));
  expect(fresh.syncs).toEqual(["position", "ok"]);
});

test("a refused topic is told, and asked for again by whoever comes next", () => {
  const scene = new Scene();
  const tab = scene.tab();
  tab.follow(null);
  vi.advanceTimersByTime(10);
  scene.wire.open({ topic: TOPIC, ok: false, reason: "forbidden" });
  scene.wire.events(1);
  expect([tab.syncs, tab.seqs]).toEqual([["forbidden"], []]);
  scene.tab().follow("e:3");
  expect(scene.wire.asked).toEqual([{ [TOPIC]: "e:3" }]);
});

test("a new epoch is a reset, and its events follow", () => {
  const { scene, tab } = liveAtTen();
  scene.wire.sync(lost("epoch", 3, { epoch: "f" }));
  tab.follow("f:3");
  scene.wire.events(11); // of the old epoch: cannot be, and is not passed on
  expect([tab.syncs, tab.seqs]).toEqual([["ok", "epoch", "ok"], []]);
});

test.each(["e:10", "f:3"])("tabs in two histories are both reset, whichever comes first (%s)", (first) => {
  const scene = new Scene();
  const tabs = [scene.tab(), scene.tab(), scene.tab()];
  [first, first === "f:3" ? "e:10" : "f:3", "f:4"].forEach((position, index) => tabs[index]?.follow(position));
  vi.advanceTimersByTime(10);
  expect(scene.wire.topics).toEqual({ [TOPIC]: null });
  scene.wire.open(lost("position", 5, { epoch: "f" }));
  expect(tabs.map(({ syncs }) => syncs)).toEqual([["position"], ["position"], ["position"]]);
});

test("a topic that nobody follows any more is left, and not before", () => {
  const { scene, tab } = liveAtTen();
  const other = scene.tab();
  other.follow("e:10");
  tab.say({ type: "leave", topic: TOPIC });
  expect(scene.wire.left).toEqual([]);
  scene.hub.drop(other);
  expect(scene.wire.left).toEqual([TOPIC]);
  scene.wire.events(11);
  expect(other.seqs).toEqual([]);
});
