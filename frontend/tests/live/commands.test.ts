/** Commands through the hub: what is answered, repeated, given up, kept, and whose it is. */
import { beforeEach, expect, test, vi } from "vitest";
import { CommandRefused } from "../../src/live/client";
import { MemoryOutbox, Scene } from "./scripted";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

function opened(outbox = new MemoryOutbox()) {
  const scene = new Scene("socket", outbox);
  const tab = scene.tab();
  tab.follow("e:10");
  vi.advanceTimersByTime(10);
  scene.wire.open();
  return { scene, tab };
}

/** Let promises run. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

test("a command is answered once", async () => {
  const { scene, tab } = opened();
  tab.command("c1");
  scene.wire.answer("c1");
  scene.wire.answer("c1");
  expect(tab.replies).toEqual(["c1 ok"]);
  await settle();
  expect(scene.outbox.waiting.size).toBe(0);
});

test("the tab's promise is the answer's data, or CommandRefused", async () => {
  const { scene, tab } = opened();
  const send = () => tab.live.command("ticket.accept", { ticket_id: "t", minutes: 5 });
  const [good, bad] = [send(), send()];
  scene.wire.answer(scene.wire.sent[0] as string);
  scene.wire.answer(scene.wire.sent[1] as string, "ticket_already_answered");
  await expect(good).resolves.toBeNull();
  await expect(bad).rejects.toThrow(CommandRefused);
});

test("without a connection a command that is not kept is refused at once", () => {
  const tab = new Scene().tab();
  tab.command("c1", { keep: false });
  expect(tab.replies).toEqual(["c1 not_connected"]);
});

test("a command that is not kept ends with its connection", () => {
  const { scene, tab } = opened();
  tab.command("c1", { keep: false });
  scene.wire.end();
  expect(tab.replies).toEqual(["c1 connection_lost"]);
});

test("kept commands outlive connections, in order and with the same ids", () => {
  const { scene, tab } = opened();
  tab.command("c2");
  tab.command("c1");
  for (let losses = 0; losses < 3; losses++) {
    scene.wire.end();
    vi.advanceTimersByTime(1_000);
    scene.wire.open();
    expect(scene.wire.sent).toEqual(["c2", "c1"]);
  }
  scene.wire.answer("c2");
  scene.wire.answer("c1");
  expect(tab.replies).toEqual(["c2 ok", "c1 ok"]);
});

test("kept commands outlive a reload in the middle of sending, in the order in which they were made", async () => {
  const { scene, tab } = opened();
  tab.command("c2");
  vi.advanceTimersByTime(1);
  tab.command("c1");
  await settle();
  scene.hub.drop(tab);

  const again = new Scene("socket", scene.outbox);
  again.tab();
  await settle();
  again.wire.open(); // though nobody follows anything
  expect(again.wire.sent).toEqual(["c2", "c1"]);
  again.wire.answer("c2");
  again.wire.answer("c1");
  await settle();
  expect(scene.outbox.waiting.size).toBe(0);
});

test("an answer that comes before the outbox has written leaves nothing behind", async () => {
  const outbox = new MemoryOutbox();
  let write: () => void = () => undefined;
  const put = outbox.put.bind(outbox);
  outbox.put = (waiting) => new Promise((resolve) => (write = () => void put(waiting).then(resolve)));
  const { scene, tab } = opened(outbox);
  await settle();
  tab.command("c1");
  await settle();
  scene.wire.answer("c1");
  write();
  await settle();
  expect(outbox.waiting.size).toBe(0);
});

test("a temporary error is tried again until the command's time is over", async () => {
  const { scene, tab } = opened();
  tab.command("c1", { inMs: 5_000 });
  for (const sent of [1, 2, 3]) {
    expect(scene.wire.sent).toHaveLength(sent);
    scene.wire.answer("c1", "unavailable");
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect(tab.replies).toEqual(["c1 expired"]);
  expect(scene.wire.sent).toHaveLength(3);
  await settle();
  expect(scene.outbox.waiting.size).toBe(0);
});

test("a temporary error of a command that is not kept is its answer", () => {
  const { scene, tab } = opened();
  tab.command("c1", { keep: false });
  scene.wire.answer("c1", "unavailable");
  expect(tab.replies).toEqual(["c1 unavailable"]);
});

test("what nobody could send in time is told and never sent", async () => {
  const { scene, tab } = opened();
  scene.wire.end("drain", { afterMs: 20_000 });
  tab.command("c1", { inMs: 3_000 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(tab.replies).toEqual(["c1 expired"]);
  await vi.advanceTimersByTimeAsync(20_000);
  scene.wire.open();
  expect(scene.wire.sent).toEqual([]);
});

test("a connection that never answers does not hold a command for ever", () => {
  const { tab } = opened();
  tab.command("c1", { keep: false, inMs: 30_000 });
  vi.advanceTimersByTime(35_000);
  expect(tab.replies).toEqual(["c1 expired"]);
});

test("what expired while no page was open is not sent after a reload", async () => {
  const { scene, tab } = opened();
  tab.command("c1", { inMs: 3_000 });
  await settle();
  scene.hub.drop(tab);
  await vi.advanceTimersByTimeAsync(3_000);
  const again = opened(scene.outbox).scene;
  await settle();
  expect(again.wire.sent).toEqual([]);
  expect(scene.outbox.waiting.size).toBe(0);
});

test("somebody else's commands are told, rest in the outbox and are sent when their account is back", async () => {
  const { scene, tab } = opened();
  tab.command("kept");
  tab.command("other", { keep: false });
  tab.say({ type: "identify", account: "bob" });
  await settle();
  scene.wire.open();
  expect(scene.wire.sent).toEqual([]);
  expect(tab.replies).toEqual(["kept put_off", "other connection_lost"]);
  tab.say({ type: "identify", account: "ada" });
  await settle();
  scene.wire.open();
  expect(scene.wire.sent).toEqual(["kept"]);
});

test("quick changes of account never send one's commands as another", async () => {
  const outbox = new MemoryOutbox();
  const { scene, tab } = opened(outbox);
  tab.command("adas");
  await settle();
  tab.say({ type: "identify", account: null });
  tab.say({ type: "identify", account: "ada" });
  tab.say({ type: "identify", account: "bob" });
  await settle();
  scene.wire.open();
  await settle();
  expect(scene.wire.sent).toEqual([]);
});

test("a command that is still being written when its account goes is sent when it is back", async () => {
  const outbox = new MemoryOutbox();
  let write: () => void = () => undefined;
  const put = outbox.put.bind(outbox);
  outbox.put = (waiting) => new Promise((resolve) => (write = () => void put(waiting).then(resolve)));
  const { scene, tab } = opened(outbox);
  await settle();
  tab.command("c1");
  await settle();
  tab.say({ type: "identify", account: null });
  tab.say({ type: "identify", account: "ada" });
  await settle();
  write();
  await settle();
  scene.wire.open();
  expect(scene.wire.sent).toEqual(["c1"]);
});

test("a browser without storage still sends", async () => {
  const outbox = new MemoryOutbox();
  outbox.put = outbox.remove = () => Promise.reject(new Error("no storage"));
  outbox.all = () => Promise.reject(new Error("no storage"));
  const { scene, tab } = opened(outbox);
  tab.command("c1");
  await settle();
  scene.wire.answer("c1");
  expect(tab.replies).toEqual(["c1 ok"]);
});
