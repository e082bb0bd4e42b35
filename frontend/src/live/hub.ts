/**
 * The one connection of a browser, shared by its tabs.
 *
 * The hub stands at a position in each topic and hands every event to the tabs that follow it. A tab may come with an
 * older position than the hub's: what is missing is replayed from a short ring, or else the topic is asked for again
 * from there. Tabs drop what they have seen, so asking again is always safe, and no tab ever misses an event.
 *
 * States: idle (nobody follows anything) → connecting → open → waiting (to come back) → connecting …, or ended, where
 * coming back is useless until somebody logs in. A computer that slept and a connection silent for 45 s (heartbeats
 * come every 15 s) are lost connections.
 */
import { Backoff } from "./backoff";
import { Commands } from "./commands";
import type { Connection, FromHub, Port, ToHub } from "./messages";
import type { Outbox } from "./outbox";
import type { End, Latest, LiveEvent, Sync } from "./protocol";
import { FollowedTopic } from "./topic";
import { WatchedTopic } from "./watched";
import type { OpenWire, Wire, WireListener } from "./wire";

const TICK_MS = 5_000;
const SILENT_MS = 45_000;
const STALE_MS = 20_000;
const SLEPT_MS = 3 * TICK_MS;
const CONNECT_MS = 15_000;
/** follows that come together are one change of the connection */
const GATHER_MS = 10;

export type TabPort = Port<FromHub>;

export class Hub {
  private readonly topics = new Map<string, FollowedTopic | WatchedTopic>();
  private readonly tabs = new Set<TabPort>();
  private readonly backoff = new Backoff();
  private readonly commands: Commands;
  private connection: Connection = { state: "idle", why: "", since: Date.now(), heardAt: 0 };
  private wire: Wire | null = null;
  private openWire: OpenWire | null = null;
  private account: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private tickedAt = Date.now();

  /** `wireFor` makes the wire of a device, which the first tab names. */
  constructor(
    private readonly wireFor: (device: { id: string; name: string }) => OpenWire,
    outbox: Outbox,
  ) {
    this.commands = new Commands(outbox, (reply) => this.post(this.tabs, { type: "reply", reply }));
  }

  /** What a tab says. */
  receive(tab: TabPort, message: ToHub): void {
    switch (message.type) {
      case "join":
        return this.join(tab, message);
      case "identify":
        return this.identify(message.account);
      case "follow":
        return this.follow(tab, message.topic, message.position);
      case "watch":
        return this.watch(tab, message.topic);
      case "leave":
        return this.leave(tab, message.topic);
      case "ack":
        return this.wire?.ack(message.topic, message.seq);
      case "command":
        this.commands.add({ ...message, account: this.account });
        return this.wake();
      case "wake":
        return this.wake();
    }
  }

  /** The tab is gone. */
  drop(tab: TabPort): void {
    this.tabs.delete(tab);
    for (const topic of [...this.topics.keys()]) this.leave(tab, topic);
    if (this.tabs.size > 0) return;
    this.close("idle", "");
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private join(tab: TabPort, message: Extract<ToHub, { type: "join" }>): void {
    this.tabs.add(tab);
    this.openWire ??= this.wireFor(message.device);
    this.ticker ??= setInterval(() => this.tick(), TICK_MS);
    this.tickedAt = Date.now();
    if (message.account !== this.account) this.identify(message.account);
    else if (this.connection.state === "ended") this.connect();
    else this.wake();
    tab.postMessage({ type: "connection", connection: this.connection });
  }

  private identify(account: string | null): void {
    if (account === this.account) return this.identifyAgain();
    this.account = account;
    void this.commands.switchTo(account).then(() => this.wake());
    if (this.connection.state !== "idle") this.connect();
  }

  /** By another session, perhaps: what was refused to the one before may be read now. */
  private identifyAgain(): void {
    const { state, why } = this.connection;
    if (state === "ended") this.comeBack({ reason: why });
    if (state === "open" && [...this.topics.values()].some((topic) => topic.refused)) this.connect();
  }

  // topics

  private follow(tab: TabPort, name: string, position: string | null): void {
    const known = this.topics.get(name);
    const topic = known instanceof FollowedTopic ? known : new FollowedTopic(name);
    this.topics.set(name, topic);
    const { ask, replay, sync } = topic.join(tab, position);
    for (const event of replay) tab.postMessage({ type: "event", event });
    if (sync) tab.postMessage({ type: "sync", sync });
    if (ask) this.ask(name, topic);
  }

  private watch(tab: TabPort, name: string): void {
    const known = this.topics.get(name);
    const topic = known instanceof WatchedTopic ? known : new WatchedTopic();
    this.topics.set(name, topic);
    if (topic.join(tab)) this.ask(name, topic);
  }

  /** Have the server serve a topic from its position. */
  private ask(name: string, topic: FollowedTopic | WatchedTopic): void {
    if (this.connection.state === "open" && this.wire?.subscribe(new Map([[name, topic.position]]))) return;
    this.changeTopics();
  }

  private leave(tab: TabPort, name: string): void {
    const topic = this.topics.get(name);
    if (!topic?.leave(tab)) return;
    this.topics.delete(name);
    if (this.connection.state === "open" && this.wire?.unsubscribe([name])) return;
    this.changeTopics();
  }

  /** Open anew with the topics of now, unless that will happen anyway. */
  private changeTopics(): void {
    const { state } = this.connection;
    if (state === "ended" || state === "waiting") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), GATHER_MS);
  }

  // the connection

  private connect(): void {
    this.close("connecting", "");
    if (!this.openWire || (this.topics.size === 0 && !this.commands.waiting)) return this.become("idle", "");
    const positions = new Map([...this.topics].map(([name, topic]) => [name, topic.position]));
    this.wire = this.openWire(positions, this.listener());
  }

  private close(state: Connection["state"], why: string): void {
    clearTimeout(this.timer);
    this.wire?.close();
    this.wire = null;
    this.commands.disconnected();
    for (const topic of this.topics.values()) topic.disconnected();
    this.become(state, why);
  }

  private listener(): WireListener {
    return {
      opened: () => this.opened(),
      beat: () => (this.connection.heardAt = Date.now()),
      sync: (sync) => this.synced(sync),
      event: (event) => this.arrived(event),
      latest: (latest) => this.renewed(latest),
      reply: (reply) => this.commands.answered(reply),
      ended: (end) => this.ended(end),
    };
  }

  private opened(): void {
    this.backoff.worked();
    this.connection.heardAt = Date.now();
    this.become("open", "");
    const { wire } = this;
    if (wire) this.commands.connected((id, name, data) => wire.command(id, name, data));
  }

  private ended(end: End): void {
    if (end.comeBack) this.comeBack(end);
    else this.close("ended", end.reason);
  }

  private comeBack(end: { reason: string; backOff?: boolean; afterMs?: number }): void {
    this.close("waiting", end.reason);
    this.timer = setTimeout(() => this.connect(), this.backoff.next(end));
  }

  private synced(sync: Sync): void {
    const topic = this.topics.get(sync.topic);
    if (!topic) return;
    for (const [tab, told] of topic.synced(sync)) tab.postMessage({ type: "sync", sync: told });
  }

  private arrived(event: LiveEvent): void {
    const topic = this.topics.get(event.topic);
    if (topic instanceof FollowedTopic && topic.take(event)) this.post(topic.tabs, { type: "event", event });
  }

  private renewed(latest: Latest): void {
    const topic = this.topics.get(latest.topic);
    if (topic instanceof WatchedTopic && topic.take(latest)) this.post(topic.tabs, { type: "latest", latest });
  }

  /** Somebody looks, or the network is back: what is shown should be true at once. */
  private wake(): void {
    const { state, heardAt, since } = this.connection;
    const now = Date.now();
    if (state === "idle" && this.commands.waiting) this.connect();
    if (state === "waiting" && now - since > 1_000) this.connect();
    if (state === "open" && now - heardAt > STALE_MS) this.connect();
  }

  private tick(): void {
    const { state, heardAt, since } = this.connection;
    const now = Date.now();
    const slept = now - this.tickedAt > SLEPT_MS;
    this.tickedAt = now;
    this.commands.expire(now);
    // timers of a hidden tab are slow, too; but then the server has been heard meanwhile
    if (state === "open" && now - heardAt > (slept ? STALE_MS : SILENT_MS)) this.connect();
    else if (state === "waiting" && slept) this.connect();
    else if (state === "connecting" && now - since > CONNECT_MS)
      this.ended({ reason: "no answer", comeBack: true, backOff: false });
  }

  private become(state: Connection["state"], why: string): void {
    const same = this.connection.state === state && this.connection.why === why;
    this.connection = {
      state,
      why,
      since: same ? this.connection.since : Date.now(),
      heardAt: this.connection.heardAt,
    };
    if (!same) this.post(this.tabs, { type: "connection", connection: this.connection });
  }

  private post(tabs: Iterable<TabPort>, message: FromHub): void {
    for (const tab of tabs) tab.postMessage(message);
  }
}
