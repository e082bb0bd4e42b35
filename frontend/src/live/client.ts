/** A tab's side of the live connection: follow topics, send commands, see how it stands. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Commands as CommandBodies } from "../api/generated/live";
import { type Follower, Following } from "./following";
import type { Connection, FromHub, Port, ToHub } from "./messages";
import type { CommandName, CommandProblem, Reply, Sync } from "./protocol";

/** A command that was refused, or that could not be sent; `message` is a sentence for a person. */
export class CommandRefused extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(problem: CommandProblem) {
    super(problem.message);
    this.code = problem.code;
    this.details = problem.details;
  }
}

/** Gets the newest value of a topic that keeps only that; what was missed is never told. */
export interface Watcher {
  latest(data: unknown): void;
  /** there is nothing to see, or no longer */
  refused?(): void;
}

export interface CommandOptions {
  /** survives a lost connection and a reload; only for commands that are safe to repeat */
  keep?: boolean;
  /** given up after this */
  expiresInMs?: number;
}

export class Live {
  private readonly followings = new Map<string, Set<Following>>();
  private readonly watchers = new Map<string, Set<Watcher>>();
  private readonly outstanding = new Map<string, (reply: Reply) => void>();
  private readonly state = signal<Connection>({ state: "idle", why: "", since: Date.now(), heardAt: 0 });

  /** How it stands with the server. */
  readonly connection: ReadonlySignal<Connection> = this.state;

  constructor(private readonly hub: Port<ToHub>) {}

  /** What the hub says. */
  receive(message: FromHub): void {
    switch (message.type) {
      case "connection":
        this.state.value = message.connection;
        return;
      case "sync":
        return this.synced(message.sync);
      case "event":
        return this.each(message.event.topic, (following) => following.arrived(message.event));
      case "latest":
        for (const watcher of [...(this.watchers.get(message.latest.topic) ?? [])]) watcher.latest(message.latest.data);
        return;
      case "reply":
        this.outstanding.get(message.reply.id)?.(message.reply);
    }
  }

  /** Follow a topic from a position; without one a `sync` with `ok: false` asks for a snapshot. */
  follow(topic: string, position: string | null, follower: Follower): Following {
    const ask = (position: string | null) => this.hub.postMessage({ type: "follow", topic, position });
    const following = new Following(follower, ask, (following) => this.unfollow(topic, following));
    this.followings.set(topic, (this.followings.get(topic) ?? new Set()).add(following));
    following.from(position);
    return following;
  }

  /** See the newest value of a topic that keeps only that: the known one at once, then each new one. Ends it when called. */
  watch(topic: string, watcher: Watcher): () => void {
    const watchers = this.watchers.get(topic) ?? new Set();
    this.watchers.set(topic, watchers.add(watcher));
    this.hub.postMessage({ type: "watch", topic });
    return () => {
      if (!watchers.delete(watcher) || watchers.size > 0) return;
      this.watchers.delete(topic);
      this.hub.postMessage({ type: "leave", topic });
    };
  }

  /** Tell the server that this device has stored everything up to `seq`. */
  ack(topic: string, seq: number): void {
    this.hub.postMessage({ type: "ack", topic, seq });
  }

  /** Have something done; resolves with the answer's data, rejects with CommandRefused. */
  async command<N extends CommandName>(
    name: N,
    data: CommandBodies[N],
    { keep = false, expiresInMs = 30_000 }: CommandOptions = {},
  ): Promise<unknown> {
    const id = crypto.randomUUID();
    const reply = await new Promise<Reply>((resolve) => {
      this.outstanding.set(id, resolve);
      this.hub.postMessage({ type: "command", id, name, data, keep, expiresAt: Date.now() + expiresInMs });
    });
    this.outstanding.delete(id);
    if (!reply.ok) throw new CommandRefused(reply.error);
    return reply.data;
  }

  /** Somebody else is logged in now, or nobody. */
  identify(account: string | null): void {
    this.hub.postMessage({ type: "identify", account });
  }

  /** A person looks again. */
  wake(): void {
    this.hub.postMessage({ type: "wake" });
  }

  private unfollow(topic: string, following: Following): void {
    const followings = this.followings.get(topic);
    if (!followings?.delete(following) || followings.size > 0) return;
    this.followings.delete(topic);
    this.hub.postMessage({ type: "leave", topic });
  }

  private synced(sync: Sync): void {
    this.each(sync.topic, (following) => following.synced(sync));
    if (!sync.ok) for (const watcher of [...(this.watchers.get(sync.topic) ?? [])]) watcher.refused?.();
  }

  private each(topic: string, tell: (following: Following) => void): void {
    for (const following of [...(this.followings.get(topic) ?? [])]) tell(following);
  }
}
