import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OutgoingMessages } from "../../src/chat/outgoing";
import { CommandRefused, type Live } from "../../src/live";

/** Answers commands one by one, as a test says. */
class FakeLive {
  readonly asked: { clientId: string; text: string }[] = [];
  private readonly waiting: { yes: () => void; no: (error: Error) => void }[] = [];

  command(_: string, data: { client_id: string; text: string }): Promise<void> {
    this.asked.push({ clientId: data.client_id, text: data.text });
    return new Promise((resolve, reject) => this.waiting.push({ yes: resolve, no: reject }));
  }

  async answer(code?: string): Promise<void> {
    const one = this.waiting.shift();
    if (code === undefined) one?.yes();
    else one?.no(new CommandRefused({ code, message: `why: ${code}`, details: {} }));
    await vi.advanceTimersByTimeAsync(0);
  }
}

class FakeStorage {
  private readonly kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
}

let live: FakeLive;
let storage: FakeStorage;

function open(): OutgoingMessages {
  return new OutgoingMessages("key", live as unknown as Live, storage, (error) => (error as Error).message);
}

beforeEach(() => {
  vi.useFakeTimers();
  live = new FakeLive();
  storage = new FakeStorage();
});

afterEach(() => vi.useRealTimers());

describe("messages on their way", () => {
  it("leave one after the other, in the order in which they were written", async () => {
    const outgoing = open();
    for (const text of ["a", "b", "c"]) outgoing.send("1", text, []);
    expect(live.asked.map(({ text }) => text)).toEqual(["a"]);
    await live.answer();
    await live.answer();
    expect(live.asked.map(({ text }) => text)).toEqual(["a", "b", "c"]);
  });

  it("of one conversation do not wait for another's", () => {
    const outgoing = open();
    outgoing.send("1", "a", []);
    outgoing.send("2", "b", []);
    expect(live.asked.map(({ text }) => text)).toEqual(["a", "b"]);
  });

  it("are shown until they stand in the conversation", async () => {
    const outgoing = open();
    const shown = outgoing.of("1");
    outgoing.send("1", "a", []);
    await live.answer();
    expect(shown.value.map(({ text }) => text)).toEqual(["a"]);
    outgoing.arrived(new Set([live.asked[0]?.clientId ?? ""]));
    expect(shown.value).toEqual([]);
  });

  it("go on after a reload, as the same messages", async () => {
    const before = open();
    before.send("1", "a", []);
    before.send("1", "b", []);
    before.stop();
    const asked = live.asked[0]?.clientId;
    live = new FakeLive();
    const after = open();
    expect(live.asked).toEqual([{ clientId: asked, text: "a" }]);
    await live.answer();
    expect(live.asked.map(({ text }) => text)).toEqual(["a", "b"]);
    expect(after.of("1").value).toHaveLength(2);
  });

  it("that are refused say why, hold up no other, and can be tried again or removed", async () => {
    const outgoing = open();
    const shown = outgoing.of("1");
    outgoing.send("1", "a", []);
    outgoing.send("1", "b", []);
    await live.answer("not_assigned");
    expect(shown.value.map(({ problem }) => problem)).toEqual(["why: not_assigned", null]);
    await live.answer();
    const first = shown.value[0]?.clientId ?? "";
    outgoing.again(first);
    expect(live.asked.at(-1)).toEqual({ clientId: first, text: "a" });
    await live.answer("not_assigned");
    outgoing.discard(first);
    expect(shown.value.map(({ text }) => text)).toEqual(["b"]);
  });

  it("wait where it is not their fault, and keep their order", async () => {
    const outgoing = open();
    outgoing.send("1", "a", []);
    outgoing.send("1", "b", []);
    await live.answer("unavailable");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(live.asked.map(({ text }) => text)).toEqual(["a", "a"]);
    await live.answer();
    expect(live.asked.map(({ text }) => text)).toEqual(["a", "a", "b"]);
  });

  it("survive a storage that holds nonsense", () => {
    storage.setItem("key", "{");
    expect(open().of("1").value).toEqual([]);
  });
});
