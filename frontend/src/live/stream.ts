/** The SSE wire: `GET /v1/events`, read by `fetch`, so that heartbeats, refusals and the cursor are ours to see. */
import { endOf, type Latest, type LiveEvent, type Reply, type Sync } from "./protocol";
import { type Block, SseParser } from "./sse";
import type { OpenWire, WireListener } from "./wire";

interface Bye {
  reason: string;
  code: number;
  after_ms: number;
}

/** Streams from this origin; `request` is `fetch`. */
export function streams(origin: string, request: typeof fetch = (...args) => fetch(...args)): OpenWire {
  return (topics, listener) => {
    const abort = new AbortController();
    void read(request, urlOf(origin, topics), abort.signal, listener);
    return {
      close: () => abort.abort(),
      subscribe: () => false,
      unsubscribe: () => false,
      ack: () => undefined,
      command: (id) => listener.reply(cannotAct(id)),
    };
  };
}

function urlOf(origin: string, topics: ReadonlyMap<string, string | null>): string {
  const query = new URLSearchParams([...topics.keys()].map((topic) => ["topic", topic]));
  query.set("since", [...topics.values()].map((position) => position ?? "-").join(";"));
  return `${origin}/v1/events?${query}`;
}

async function read(request: typeof fetch, url: string, signal: AbortSignal, listener: WireListener): Promise<void> {
  // after `close` nothing is told any more
  const tell = (act: () => void) => {
    if (!signal.aborted) act();
  };
  try {
    const answer = await request(url, { signal, headers: { accept: "text/event-stream" }, cache: "no-store" });
    if (!answer.ok || !answer.body) {
      tell(() => listener.ended(refusal(answer)));
      return;
    }
    if (await readBlocks(answer.body, signal, listener)) return;
    tell(() => listener.ended({ reason: "closed", comeBack: true, backOff: false }));
  } catch {
    tell(() => listener.ended({ reason: "lost", comeBack: true, backOff: false }));
  }
}

/** True if the server said goodbye, which `listener` has been told. */
async function readBlocks(
  body: ReadableStream<BufferSource>,
  signal: AbortSignal,
  listener: WireListener,
): Promise<boolean> {
  const parser = new SseParser();
  let opened = false;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) return false;
    listener.beat();
    for (const block of parser.push(value)) {
      // a stream that only says goodbye was never open
      if (!opened && block.event !== "bye") listener.opened();
      opened = true;
      if (take(block, listener)) {
        await reader.cancel();
        return true;
      }
      // what a listener does may close this wire
      if ((signal as { aborted: boolean }).aborted) return true;
    }
  }
}

function take(block: Block, listener: WireListener): boolean {
  if (block.event === "heartbeat") return false;
  const body: unknown = JSON.parse(block.data);
  if (block.event === "bye") {
    const bye = body as Bye;
    listener.ended(endOf(bye.code, bye.reason, bye.after_ms));
    return true;
  }
  if (block.event === "sync") listener.sync(body as Sync);
  else if (block.event === "latest") listener.latest(body as Latest);
  else listener.event(body as LiveEvent);
  return false;
}

function cannotAct(id: string): Reply {
  const message = "This connection only shows; it cannot act.";
  return { id, ok: false, error: { code: "read_only", message, details: {} } };
}

function refusal(answer: Response) {
  const seconds = Number(answer.headers.get("retry-after"));
  const afterMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
  return { reason: `status ${answer.status}`, comeBack: true, backOff: true, afterMs };
}
