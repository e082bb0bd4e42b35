/**
 * A server, a browser and the ways between them, one message at a time. Whatever is on its way waits in a queue until
 * the test lets it arrive, so that every order of things that can happen does.
 */
import { Live } from "../../src/live/client";
import { Hub } from "../../src/live/hub";
import type { FromHub, Port, ToHub } from "../../src/live/messages";
import { isReset, parsePosition } from "../../src/live/protocol";
import { Resource, type Snapshot } from "../../src/live/resource";
import type { OpenWire, Wire, WireListener } from "../../src/live/wire";
import type { Chances } from "./random";
import { event, lost, MemoryOutbox, ok, TOPIC } from "./scripted";

type Deliver = () => void;

/** Things on their way, in order; a queue that was cut delivers nothing more. */
class Way {
  readonly queue: Deliver[] = [];
  open = true;

  send(deliver: Deliver): void {
    if (this.open) this.queue.push(deliver);
  }

  cut(): void {
    this.open = false;
    this.queue.length = 0;
  }
}

/** The event log of one topic, and who reads it. */
export class ModelServer {
  epoch = 1;
  head = 0;
  private kept = 0;
  readonly connections = new Set<Connection>();

  get position(): string {
    return `${this.epoch}:${this.head}`;
  }

  publish(): void {
    this.head += 1;
    for (const connection of this.connections) connection.published(this.head);
  }

  /** Forget all but the newest events. */
  trim(): void {
    this.kept = Math.max(this.kept, this.head - 2);
  }

  /** A backup is played back: a part is gone, and the history is another one. */
  restore(): void {
    this.epoch += 1;
    this.head = Math.max(0, this.head - 3);
    this.kept = this.head;
    for (const connection of this.connections) connection.lose("epoch");
  }

  /** Why a position cannot be served. */
  judge(position: string | null): "position" | "epoch" | "ahead" | "trimmed" | null {
    if (position === null) return "position";
    const { epoch, seq } = parsePosition(position);
    if (epoch !== String(this.epoch)) return "epoch";
    if (seq > this.head) return "ahead";
    return seq < this.kept ? "trimmed" : null;
  }
}

/** One connection, as the server sees it. */
class Connection implements Wire {
  private reads = false;
  readonly toServer = new Way();
  readonly toHub = new Way();

  constructor(
    private readonly server: ModelServer,
    private readonly listener: WireListener,
    private readonly subscribes: boolean,
    topics: ReadonlyMap<string, string | null>,
  ) {
    this.toServer.send(() => {
      server.connections.add(this);
      this.tell((to) => to.opened());
      this.serve(topics);
    });
  }

  close(): void {
    this.server.connections.delete(this);
    this.toServer.cut();
    this.toHub.cut();
  }

  /** The network is gone. */
  cut(): void {
    this.close();
    this.listener.ended({ reason: "lost", comeBack: true, backOff: false });
  }

  subscribe(topics: ReadonlyMap<string, string | null>): boolean {
    if (this.subscribes) this.toServer.send(() => this.serve(topics));
    return this.subscribes;
  }

  unsubscribe(): boolean {
    if (this.subscribes) this.toServer.send(() => (this.reads = false));
    return this.subscribes;
  }

  ack(): void {
    throw new Error("nobody acks here");
  }

  command(): void {
    throw new Error("nobody commands here");
  }

  published(seq: number): void {
    const happened = event(seq, { epoch: String(this.server.epoch) });
    if (this.reads) this.tell((to) => to.event(happened));
  }

  lose(reason: "position" | "epoch" | "ahead" | "trimmed"): void {
    const sync = lost(reason, this.server.head, { epoch: String(this.server.epoch) });
    if (this.reads) this.tell((to) => to.sync(sync));
  }

  private serve(topics: ReadonlyMap<string, string | null>): void {
    const position = topics.get(TOPIC);
    if (position === undefined) return;
    this.reads = true;
    const reason = this.server.judge(position);
    if (position === null || reason) return this.lose(reason ?? "position");
    const { seq } = parsePosition(position);
    const sync = ok(seq, { epoch: String(this.server.epoch), to: this.server.head });
    this.tell((to) => to.sync(sync));
    for (let missed = seq + 1; missed <= this.server.head; missed++) this.published(missed);
  }

  private tell(say: (to: WireListener) => void): void {
    this.toHub.send(() => {
      this.listener.beat();
      say(this.listener);
    });
  }
}

/** A tab whose resource is the list of all numbers, and a follower without a position. */
class ModelTab implements Port<FromHub> {
  readonly toHub = new Way();
  readonly fromHub = new Way();
  readonly loads = new Way();
  readonly faults: string[] = [];
  readonly resource: Resource<number[]>;
  private readonly live: Live;

  constructor(
    private readonly hub: Hub,
    private readonly server: ModelServer,
  ) {
    this.live = new Live({ postMessage: (message) => this.say(message) });
    this.say({ type: "join", account: "ada", device: { id: "d", name: "till" } });
    this.resource = new Resource<number[]>(this.live, {
      topic: TOPIC,
      load: () => this.load(),
      apply: (state, { seq }) => {
        if (seq !== state.length + 1) this.faults.push(`${seq} upon ${state.length}`);
        return [...state, seq];
      },
    });
  }

  /** Follow without a snapshot, too. */
  watch(): void {
    let watched: number | null = null;
    this.live.follow(TOPIC, null, {
      sync: ({ ok: fine, reason, to }) => {
        if (!fine && isReset(reason)) watched = to ?? null;
      },
      event: ({ seq }) => {
        if (watched !== null && seq !== watched + 1) this.faults.push(`saw ${seq} after ${watched}`);
        watched = seq;
      },
    });
  }

  postMessage(message: FromHub): void {
    const copy = structuredClone(message);
    this.fromHub.send(() => this.live.receive(copy));
  }

  /** The person closes it; the hub hears of it later. */
  close(): void {
    this.resource.stop();
    this.toHub.send(() => this.hub.drop(this));
  }

  private say(message: ToHub): void {
    this.toHub.send(() => this.hub.receive(this, message));
  }

  /** The answer is made when the request arrives, and is on its way for a while. */
  private load(): Promise<Snapshot<number[]>> {
    return new Promise((resolve) => {
      this.loads.send(() => {
        const state = Array.from({ length: this.server.head }, (_, index) => index + 1);
        const { position } = this.server;
        this.loads.send(() => resolve({ state, position }));
      });
    });
  }
}

/** Everything together. */
export class World {
  readonly server = new ModelServer();
  readonly tabs: ModelTab[] = [];
  private readonly closed: ModelTab[] = [];
  private readonly connections: Connection[] = [];
  private readonly hub: Hub;

  constructor(kind: "stream" | "socket") {
    const open: OpenWire = (topics, listener) => {
      const connection = new Connection(this.server, listener, kind === "socket", topics);
      this.connections.push(connection);
      return connection;
    };
    this.hub = new Hub(() => open, new MemoryOutbox());
  }

  openTab(): ModelTab {
    const tab = new ModelTab(this.hub, this.server);
    this.tabs.push(tab);
    return tab;
  }

  closeTab(tab: ModelTab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.closed.push(tab);
    tab.close();
  }

  cut(): void {
    this.connections.findLast((connection) => connection.toHub.open)?.cut();
  }

  /** Let one thing arrive, somewhere; false if nothing is on its way. */
  deliverOne(chances: Chances): boolean {
    const tabs = [...this.tabs, ...this.closed].flatMap((tab) => [tab.toHub, tab.fromHub, tab.loads]);
    const wires = this.connections.flatMap((connection) => [connection.toServer, connection.toHub]);
    const ways = [...tabs, ...wires].filter((way) => way.queue.length > 0);
    if (ways.length === 0) return false;
    chances.pick(ways).queue.shift()?.();
    return true;
  }

  get faults(): string[] {
    return [...this.tabs, ...this.closed].flatMap((tab) => tab.faults);
  }

  get openConnections(): number {
    return this.server.connections.size;
  }
}
