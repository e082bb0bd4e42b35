import { expect, test } from "vitest";
import { sockets } from "../../src/live/socket";
import type { Wire } from "../../src/live/wire";

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  readonly sent: unknown[] = [];
  onopen: () => void = () => undefined;
  onmessage: (message: { data: string }) => void = () => undefined;
  onclose: (close: { code: number; reason: string }) => void = () => undefined;

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    created.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 2;
    this.onclose({ code: 1000, reason: "" });
  }

  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  say(...frames: object[]): void {
    this.onmessage({ data: JSON.stringify(frames.length === 1 ? frames[0] : frames) });
  }
}

const created: FakeSocket[] = [];

function open(onSync: (wire: Wire) => void = () => undefined) {
  const heard: string[] = [];
  const wire: Wire = sockets(
    "https://x",
    { id: "d1", name: "till" },
    FakeSocket as unknown as typeof WebSocket,
  )(new Map([["restaurant.1", "e:7"]]), {
    opened: () => heard.push("opened"),
    beat: () => undefined,
    sync: (sync) => {
      heard.push(`sync ${sync.topic}`);
      onSync(wire);
    },
    event: (event) => heard.push(`event ${event.seq}`),
    latest: ({ topic, data }) => heard.push(`latest ${topic} ${JSON.stringify(data)}`),
    reply: (reply) => heard.push(`reply ${reply.id} ${reply.ok ? "ok" : reply.error.message}`),
    ended: (end) => heard.push(`ended ${end.reason} ${end.comeBack ? "back" : "final"}${end.backOff ? " later" : ""}`),
  });
  return { heard, wire, socket: created.at(-1) as FakeSocket };
}

test("hello comes first, with the device and the positions", () => {
  const { socket } = open();
  socket.accept();
  expect([socket.url, socket.protocol]).toEqual(["wss://x/v1/socket", "tiffin.v1"]);
  const topics = { "restaurant.1": "e:7" };
  expect(socket.sent).toEqual([{ type: "hello", device_id: "d1", device: "till", topics }]);
});

test("frames come alone and in arrays", () => {
  const { socket, heard } = open();
  socket.accept();
  socket.say({ type: "hello" });
  socket.say({ type: "sync", topic: "a", ok: true }, { type: "event", event: { seq: 8 } }, { type: "heartbeat" });
  socket.say({ type: "ok", id: "c1", data: null }, { type: "error", id: "c2", code: "x", message: "No.", details: {} });
  socket.say({ type: "latest", topic: "a", data: { x: 1 } });
  expect(heard).toEqual(["opened", "sync a", "event 8", "reply c1 ok", "reply c2 No.", 'latest a {"x":1}']);
});

test("topics, acks and commands are sent as the protocol says, and only while it is open", () => {
  const { socket, wire } = open();
  wire.ack("restaurant.1", 8);
  socket.accept();
  socket.sent.length = 0;
  wire.subscribe(new Map([["order.2", null]]));
  wire.unsubscribe(["order.2"]);
  wire.ack("restaurant.1", 9);
  wire.command("c1", "ticket.accept", { minutes: 5 });
  expect(socket.sent).toEqual([
    { type: "subscribe", id: "wire-1", topics: { "order.2": null } },
    { type: "unsubscribe", id: "wire-2", topics: ["order.2"] },
    { type: "ack", topic: "restaurant.1", seq: 9 },
    { type: "command", id: "c1", name: "ticket.accept", data: { minutes: 5 } },
  ]);
});

test.each([
  [4005, "revoked", "ended revoked final"],
  [4100, "slow", "ended slow back later"],
  [4200, "drain", "ended drain back"],
  [1006, "", "ended lost back"],
])("close code %i", (code, reason, told) => {
  const { socket, heard } = open();
  socket.onclose({ code, reason });
  expect(heard).toEqual([told]);
});

test("whoever closed it hears nothing more, not even the rest of an array", () => {
  const { socket, heard } = open((wire) => wire.close());
  socket.accept();
  socket.say({ type: "sync", topic: "a", ok: true }, { type: "event", event: { seq: 8 } });
  socket.say({ type: "event", event: { seq: 9 } });
  expect(heard).toEqual(["sync a"]);
});

test("a subscription that is refused as a whole ends the wire: its topics would never be heard of", () => {
  for (const frame of [
    { id: null, code: "too_many_topics" },
    { id: "wire-1", code: "internal_error" },
  ]) {
    const { socket, heard } = open();
    socket.say({ type: "error", ...frame, message: "", details: {} });
    expect(heard).toEqual([`ended ${frame.code} back later`]);
  }
});

test("an error that answers nothing is no reply", () => {
  const { socket, heard } = open();
  socket.say({ type: "error", id: null, code: "malformed", message: "", details: {} });
  expect(heard).toEqual([]);
});
