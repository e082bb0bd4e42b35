/** The life of the one connection: coming back, silence, sleep, waking, the end, and who is logged in. */
import { beforeEach, expect, test, vi } from "vitest";
import { event, ok, Scene, type Tab, TOPIC } from "./scripted";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

function opened(): { scene: Scene; tab: Tab } {
  const scene = new Scene("stream");
  const tab = scene.tab();
  tab.follow("e:10");
  vi.advanceTimersByTime(10);
  scene.wire.open(ok(10));
  return { scene, tab };
}

test("nothing is opened while nobody follows anything", () => {
  const scene = new Scene();
  const tab = scene.tab();
  vi.advanceTimersByTime(60_000);
  expect([scene.wires.length, tab.connection.state]).toEqual([0, "idle"]);
});

test("a lost connection comes back from where it stood, with growing pauses until one works", () => {
  const { scene, tab } = opened();
  scene.wire.events(11, 12);
  scene.wire.end();
  expect(tab.connection).toMatchObject({ state: "waiting", why: "lost" });
  for (const pause of [1_000, 2_000, 4_000]) {
    const before = scene.wires.length;
    vi.advanceTimersByTime(pause - 1);
    expect(scene.wires).toHaveLength(before);
    vi.advanceTimersByTime(1);
    expect(scene.wires).toHaveLength(before + 1);
    expect(scene.wire.topics).toEqual({ [TOPIC]: "e:12" });
    scene.wire.end();
  }
  vi.advanceTimersByTime(8_000);
  scene.wire.open(ok(12));
  scene.wire.end();
  vi.advanceTimersByTime(1_000);
  expect(scene.openWires).toBe(1);
});

test("heartbeats keep it; 45 s of silence do not", () => {
  const { scene } = opened();
  for (let beats = 0; beats < 10; beats++) {
    vi.advanceTimersByTime(15_000);
    scene.wire.say(() => undefined);
  }
  expect(scene.wires).toHaveLength(1);
  vi.advanceTimersByTime(45_000);
  expect(scene.wires).toHaveLength(1);
  vi.advanceTimersByTime(5_001);
  expect(scene.wires).toHaveLength(2);
  expect(scene.openWires).toBe(1);
});

test("a computer that slept opens anew as soon as it wakes", () => {
  const { scene } = opened();
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(5_000);
  expect(scene.wires).toHaveLength(2);
});

test("a hidden tab's slow timers are no sleep while the server is heard", () => {
  const { scene } = opened();
  for (let minutes = 0; minutes < 5; minutes++) {
    vi.setSystemTime(Date.now() + 55_000);
    scene.wire.say(() => undefined);
    vi.advanceTimersByTime(5_000);
  }
  expect(scene.wires).toHaveLength(1);
});

test("a server that does not answer is given up, and tried again", () => {
  const scene = new Scene("stream");
  const tab = scene.tab();
  tab.follow("e:10");
  vi.advanceTimersByTime(20_100);
  expect(tab.connection.why).toBe("no answer");
  expect(scene.openWires).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(scene.openWires).toBe(1);
});

test("somebody who looks again does not wait, but cannot hammer either", () => {
  const { scene, tab } = opened();
  scene.wire.end("overload", { backOff: true });
  tab.say({ type: "wake" });
  expect(scene.openWires).toBe(0);
  vi.advanceTimersByTime(1_001);
  tab.say({ type: "wake" });
  tab.say({ type: "wake" });
  expect([scene.wires.length, scene.openWires]).toEqual([2, 1]);
});

test("waking replaces a connection that has been silent for longer than a heartbeat", () => {
  const { scene, tab } = opened();
  vi.advanceTimersByTime(14_000);
  tab.say({ type: "wake" });
  expect(scene.wires).toHaveLength(1);
  vi.advanceTimersByTime(7_000);
  tab.say({ type: "wake" });
  expect(scene.wires).toHaveLength(2);
});

test("a final end stays, whatever happens, until somebody else is logged in", () => {
  const { scene, tab } = opened();
  scene.wire.end("revoked", { comeBack: false });
  tab.say({ type: "wake" });
  tab.follow("e:1", "menu.2");
  vi.advanceTimersByTime(60_000);
  expect(tab.connection).toMatchObject({ state: "ended", why: "revoked" });
  tab.say({ type: "identify", account: null });
  expect(scene.openWires).toBe(1);
});

test("the same account by another session comes back after an end, without a tight loop", () => {
  const { scene, tab } = opened();
  for (const pause of [1_000, 2_000, 4_000]) {
    scene.wire.end("unauthenticated", { comeBack: false });
    tab.say({ type: "identify", account: "ada" });
    expect(scene.openWires).toBe(0);
    vi.advanceTimersByTime(pause);
    expect(scene.openWires).toBe(1);
  }
});

test("what was refused is asked for again by the same account's next session", () => {
  const { scene, tab } = opened();
  tab.say({ type: "identify", account: "ada" });
  expect(scene.wires).toHaveLength(1);
  scene.wire.sync({ topic: TOPIC, ok: false, reason: "forbidden" });
  tab.say({ type: "identify", account: "ada" });
  expect([scene.wires.length, scene.openWires]).toEqual([2, 1]);
});

test("a tab that is opened after the end tries again", () => {
  const { scene } = opened();
  scene.wire.end("revoked", { comeBack: false });
  scene.tab();
  expect(scene.openWires).toBe(1);
});

test("another account is another connection with the same topics", () => {
  const { scene, tab } = opened();
  tab.say({ type: "identify", account: "bob" });
  expect([scene.wires.length, scene.openWires]).toEqual([2, 1]);
  tab.say({ type: "identify", account: "bob" });
  expect(scene.wires).toHaveLength(2);
});

test("one tab's end leaves the other's connection alone; the last one's closes it", () => {
  const { scene, tab } = opened();
  const other = scene.tab();
  other.follow("e:10");
  scene.hub.drop(tab);
  vi.advanceTimersByTime(100);
  expect([scene.wires.length, scene.openWires]).toEqual([1, 1]);
  scene.wire.events(11);
  expect([tab.seqs, other.seqs]).toEqual([[], [11]]);
  scene.hub.drop(other);
  expect(scene.openWires).toBe(0);
  vi.advanceTimersByTime(600_000);
  expect(vi.getTimerCount()).toBe(0);
});

test("a hub that was left lives again with the next tab", () => {
  const { scene, tab } = opened();
  scene.hub.drop(tab);
  vi.advanceTimersByTime(3_600_000);
  const next = scene.tab();
  next.follow("e:12");
  vi.advanceTimersByTime(10);
  scene.wire.open(ok(12));
  scene.wire.say((listener) => listener.event(event(13)));
  expect(next.seqs).toEqual([13]);
});

test("tabs are told how it stands, a new one at once", () => {
  const { scene } = opened();
  expect(scene.tab().connection.state).toBe("open");
});
