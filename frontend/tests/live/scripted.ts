/** A server and tabs that do what a test says: wires that a test speaks through, and hubs with tabs that note it all. */
import { Live } from "../../src/live/client";
import type { Follower } from "../../src/live/following";
import { Hub } from "../../src/live/hub";
import type { Connection, FromHub, Port, ToHub } from "../../src/live/messages";
import type { Outbox, Waiting } from "../../src/live/outbox";
import type { End, LiveEvent, LostReason, Sync } from "../../src/live/protocol";
import type { OpenWire, Wire, WireListener } from "../../src/live/wire";

export const TOPIC = "restaurant.1";

/** An event that carries its number. */
export function event(seq: number, { topic = TOPIC, epoch = "e" } = {}): LiveEvent {
  return { topic, epoch, seq, type: "order.preparing", at: "2026-11-23T10:00:00Z", data: {} } as unknown as LiveEvent;
}

export function ok(from: number, { topic = TOPIC, epoch = "e", to = from } = {}): Sync {
  return { topic, ok: true, epoch, from, to };
}

export function lost(reason: LostReason, to: number, { topic = TOPIC, epoch = "e" } = {}): Sync {
  return { topic, ok: false, reason, epoch, from: to, to };
}

/** One connection; whoever closed it hears nothing more. */
export class ScriptedWire implements Wire {
  closed = false;
  readonly asked: Record<string, string | null>[] = [];
  readonly left: string[] = [];
  readonly sent: string[] = [];
  readonly acks: number[] = [];

  constructor(
    readonly topics: Record<string, string | null>,
    private readonly listener: WireListener,
    private readonly subscribes: boolean,
  ) {}

  close(): void {
    this.closed = true;
  }

  subscribe(topics: ReadonlyMap<string, string | null>): boolean {
    if (this.subscribes) this.asked.push(Object.fromEntries(topics));
    return this.subscribes;
  }

  unsubscribe(topics: readonly string[]): boolean {
    if (this.subscribes) this.left.push(...topics);
    return this.subscribes;
  }

  ack(_topic: string, seq: number): void {
    this.acks.push(seq);
  }

  command(id: string): void {
    this.sent.push(id);
  }

  /** The server's word. */
  say(tell: (listener: WireListener) => void): void {
    if (this.closed) return;
    this.listener.beat();
    tell(this.listener);
  }

  open(...syncs: Sync[]): void {
    this.say((listener) => listener.opened());
    for (const sync of syncs) this.say((listener) => listener.sync(sync));
  }

  sync(sync: Sync): void {
    this.say((listener) => listener.sync(sync));
  }

  events(...seqs: number[]): void {
    for (const seq of seqs) this.say((listener) => listener.event(event(seq)));
  }

  latest(topic: string, data: unknown): void {
    this.say((listener) => listener.latest({ topic, data }));
  }

  end(reason = "lost", more: Partial<End> = {}): void {
    this.say((listener) => listener.ended({ reason, comeBack: true, backOff: false, ...more }));
  }

  answer(id: string, code?: string): void {
    const error = { code: code ?? "", message: code ?? "", details: {} };
    this.say((listener) => listener.reply(code ? { id, ok: false, error } : { id, ok: true, data: null }));
  }
}

/** An outbox in memory, that outlives its hub. */
export class MemoryOutbox implements Outbox {
  readonly waiting = new Map<string, Waiting>();

  put(waiting: Waiting): Promise<void> {
    this.waiting.set(waiting.id, waiting);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.waiting.delete(id);
    return Promise.resolve();
  }

  all(): Promise<Waiting[]> {
    return Promise.resolve([...this.waiting.values()].sort((one, other) => one.madeAt - other.madeAt));
  }
}

/** A tab that notes what it is told. */
export class Tab implements Port<FromHub> {
  readonly heard: FromHub[] = [];
  readonly live: Live;

  constructor(
    private readonly hub: Hub,
    account: string | null = "ada",
  ) {
    this.live = new Live({ postMessage: (message) => this.say(message) });
    this.say({ type: "join", account, device: { id: "d", name: "till" } });
  }

  say(message: ToHub): void {
    this.hub.receive(this, message);
  }

  postMessage(message: FromHub): void {
    this.heard.push(structuredClone(message));
    this.live.receive(message);
  }

  follow(position: string | null, topic = TOPIC): void {
    this.say({ type: "follow", topic, position });
  }

  command(id: string, { keep = true, inMs = 30_000 } = {}): void {
    this.say({ type: "command", id, name: "ticket.accept", data: {}, keep, expiresAt: Date.now() + inMs });
  }

  get seqs(): number[] {
    return this.heard.flatMap((message) => (message.type === "event" ? [message.event.seq] : []));
  }

  /** `ok`, or the reason of a reset or refusal, one a sync. */
  get syncs(): string[] {
    return this.heard.flatMap((told) => (told.type === "sync" ? [told.sync.ok ? "ok" : (told.sync.reason ?? "")] : []));
  }

  /** The values of topics that keep only the newest. */
  get values(): unknown[] {
    return this.heard.flatMap((told) => (told.type === "latest" ? [told.latest.data] : []));
  }

  get replies(): string[] {
    return this.heard.flatMap(({ type, ...message }) => {
      if (type !== "reply" || !("reply" in message)) return [];
      const { reply } = message;
      return [`${reply.id} ${reply.ok ? "ok" : reply.error.code}`];
    });
  }

  get connection(): Connection {
    const told = this.heard.findLast((message) => message.type === "connection");
    if (!told) throw new Error("was told nothing");
    return told.connection;
  }
}

/** A hub whose every connection is a ScriptedWire. */
export class Scene {
  readonly wires: ScriptedWire[] = [];
  readonly hub: Hub;

  constructor(
    kind: "stream" | "socket" = "socket",
    readonly outbox = new MemoryOutbox(),
  ) {
    const open: OpenWire = (topics, listener) => {
      const wire = new ScriptedWire(Object.fromEntries(topics), listener, kind === "socket");
      this.wires.push(wire);
      return wire;
    };
    this.hub = new Hub(() => open, outbox);
  }

  tab(account: string | null = "ada"): Tab {
    return new Tab(this.hub, account);
  }

  /** The newest connection. */
  get wire(): ScriptedWire {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error("there is no connection");
    return wire;
  }

  get openWires(): number {
    return this.wires.filter((wire) => !wire.closed).length;
  }
}

/** A follower that keeps the numbers it was given. */
export function noting(): Follower & { seqs: number[]; syncs: Sync[] } {
  const seqs: number[] = [];
  const syncs: Sync[] = [];
  return { seqs, syncs, sync: (sync) => void syncs.push(sync), event: ({ seq }) => void seqs.push(seq) };
}
