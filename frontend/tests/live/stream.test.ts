import { expect, test, vi } from "vitest";
import type { End } from "../../src/live/protocol";
import { streams } from "../../src/live/stream";
import type { Wire, WireListener } from "../../src/live/wire";

const SYNC = 'event: sync\ndata: {"topic":"a","ok":true,"from":1,"to":2}\n\n';

/** A stream that the test writes to, and what its listener heard. */
class ScriptedStream {
  readonly heard: string[] = [];
  readonly ends: End[] = [];
  url = "";
  cancelled = false;
  onSync: () => void = () => undefined;
  readonly wire: Wire;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(answer: { status?: number; headers?: Record<string, string>; fails?: boolean } = {}) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.controller = controller),
      cancel: () => void (this.cancelled = true),
    });
    const request = (url: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      this.url = url as string;
      init?.signal?.addEventListener("abort", () => this.fail());
      if (answer.fails) return Promise.reject(new TypeError("unreachable"));
      return Promise.resolve(new Response(body, { status: answer.status ?? 200, headers: answer.headers ?? {} }));
    };
    const topics = new Map([
      ["order.1", "e:7"],
      ["menu.2", null],
    ]);
    this.wire = streams("https://x", request)(topics, this.listener());
  }

  write(text: string): void {
    this.controller?.enqueue(new TextEncoder().encode(text));
  }

  finish(): void {
    this.controller?.close();
  }

  fail(): void {
    this.controller?.error(new DOMException("", "AbortError"));
  }

  private listener(): WireListener {
    return {
      opened: () => this.heard.push("opened"),
      beat: () => undefined,
      sync: (sync) => {
        this.heard.push(`sync ${sync.topic}`);
        this.onSync();
      },
      event: (event) => this.heard.push(`event ${event.seq}`),
      latest: ({ topic, data }) => this.heard.push(`latest ${topic} ${JSON.stringify(data)}`),
      reply: (reply) => this.heard.push(`reply ${reply.id} ${reply.ok ? "ok" : reply.error.code}`),
      ended: (end) => void this.ends.push(end),
    };
  }
}

test("the cursor stands in the order of the topics", () => {
  expect(new ScriptedStream().url).toBe("https://x/v1/events?topic=order.1&topic=menu.2&since=e%3A7%3B-");
});

test("syncs and events are told, heartbeats only as a sign of life", async () => {
  const stream = new ScriptedStream();
  stream.write(
    'retry: 3000\nid: -\n\nevent: heartbeat\ndata: {"at":"x"}\n\n' + SYNC + 'event: a.b\ndata: {"seq":3}\n\n',
  );
  await vi.waitFor(() => expect(stream.heard).toEqual(["opened", "sync a", "event 3"]));
});

test("the newest value of a topic is told", async () => {
  const stream = new ScriptedStream();
  stream.write('event: latest\ndata: {"topic":"order.1.location","data":{"speed_mps":4}}\n\n');
  await vi.waitFor(() => expect(stream.heard).toEqual(["opened", 'latest order.1.location {"speed_mps":4}']));
});

test("bye ends it with the server's reason, and a stream that only says bye never was open", async () => {
  const stream = new ScriptedStream();
  stream.write('event: bye\ndata: {"reason":"overload","code":4103,"come_back":true,"after_ms":900}\n\n' + SYNC);
  await vi.waitFor(() => expect(stream.cancelled).toBe(true));
  expect(stream.ends).toEqual([{ reason: "overload", comeBack: true, backOff: true, afterMs: 900 }]);
  expect(stream.heard).toEqual([]);
});

test("an end without bye is a lost connection, and so is a failure", async () => {
  const [ended, failed, unreachable] = [
    new ScriptedStream(),
    new ScriptedStream(),
    new ScriptedStream({ fails: true }),
  ];
  ended.finish();
  failed.fail();
  await vi.waitFor(() => expect([ended, failed, unreachable].flatMap(({ ends }) => ends)).toHaveLength(3));
  expect([ended, failed, unreachable].every(({ ends }) => ends[0]?.comeBack)).toBe(true);
});

test("what cannot be read is a lost connection", async () => {
  const stream = new ScriptedStream();
  stream.write("event: sync\ndata: {nonsense\n\n");
  await vi.waitFor(() => expect(stream.ends[0]?.reason).toBe("lost"));
});

test("an error status backs off, for as long as the server says", async () => {
  const stream = new ScriptedStream({ status: 503, headers: { "retry-after": "4" } });
  await vi.waitFor(() => expect(stream.ends[0]).toMatchObject({ comeBack: true, backOff: true, afterMs: 4000 }));
});

test("whoever closed it hears nothing more", async () => {
  const stream = new ScriptedStream();
  stream.onSync = () => stream.wire.close();
  stream.write(SYNC + 'event: a.b\ndata: {"seq":3}\n\n');
  await vi.waitFor(() => expect(stream.heard).toContain("sync a"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(stream.heard).toEqual(["opened", "sync a"]);
  expect(stream.ends).toEqual([]);
});

test("a command is refused at once, since nothing can be sent", () => {
  const stream = new ScriptedStream();
  stream.wire.command("c1", "ticket.accept", {});
  expect(stream.heard).toEqual(["reply c1 read_only"]);
});
