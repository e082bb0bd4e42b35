/** A tab's side of the live connection: follow topics, send commands, see how it stands. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Commands as CommandBodies } from "../api/generated/live";
import type { Connection, FromHub, Port, ToHub } from "./messages";
import type { CommandName, CommandProblem, LiveEvent, Reply, Sync } from "./protocol";

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

/** Gets what happens on a topic. */
export interface Follower {
  sync(sync: Sync): void;
  event(event: LiveEvent): void;
}

/** A topic that is followed. */
export interface Following {
  /** Go on from a snapshot's position. */
  from(position: string): void;
  stop(): void;
}

export interface CommandOptions {
  /** survives a lost connection and a reload; only for commands that are safe to repeat */
  keep?: boolean;
  /** given up after this */
  expiresInMs?: number;
}

export class Live {
  private readonly followers = new Map<string, Set<Follower>>();
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
        return this.each(message.sync.topic, (follower) => follower.sync(message.sync));
      case "event":
        return this.each(message.event.topic, (follower) => follower.event(message.event));
      case "reply":
        this.outstanding.get(message.reply.id)?.(message.reply);
    }
  }

  /** Follow a topic from a position; without one a `sync` with `ok: false` asks for a snapshot. */
  follow(topic: string, position: string | null, follower: Follower): Following {
    const followers = this.followers.get(topic) ?? new Set();
    this.followers.set(topic, followers.add(follower));
    const from = (position: string | null) => this.hub.postMessage({ type: "follow", topic, position });
    from(position);
    return { from, stop: () => this.unfollow(topic, follower) };
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

  private unfollow(topic: string, follower: Follower): void {
    const followers = this.followers.get(topic);
    if (!followers?.delete(follower) || followers.size > 0) return;
    this.followers.delete(topic);
    this.hub.postMessage({ type: "leave", topic });
  }

  private each(topic: string, tell: (follower: Follower) => void): void {
    for (const follower of [...(this.followers.get(topic) ?? [])]) tell(follower);
  }
}
