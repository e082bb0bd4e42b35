/**
 * A piece of state that stays true: a snapshot, and every event since. Nothing polls it and nothing reloads it but a
 * reset. `Old` state says so, and since when.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { Backoff } from "./backoff";
import type { Live } from "./client";
import type { Following } from "./following";
import { isReset, type LiveEvent, parsePosition, type Sync } from "./protocol";

/** A state, and the position of its topic at which it is the state. */
export interface Snapshot<T> {
  state: T;
  position: string;
}

export interface ResourceOptions<T> {
  topic: string;
  load: () => Promise<Snapshot<T>>;
  /** The state after an event; events of no interest return the state as it is. */
  apply: (state: T, event: LiveEvent) => T;
  /** True for an event after which only another snapshot is true. */
  outdates?: (event: LiveEvent) => boolean;
  /** Told the seq up to which this device now has everything, as often as that moves while live. */
  stored?: (seq: number) => void;
}

/** `failed`: the snapshot was refused, `error` says why; `forbidden`: the topic was. */
export type ResourceStatus = "loading" | "live" | "old" | "failed" | "forbidden";

/** Thrown by `load` where trying again is useless (not found, not allowed). */
export class NotLoadable extends Error {}

export class Resource<T> {
  private readonly current = signal<T | undefined>(undefined);
  private readonly stands = signal<ResourceStatus>("loading");
  private readonly problem = signal<Error | undefined>(undefined);
  private readonly backoff = new Backoff();
  /** the state misses something: a snapshot is on its way, and until it is here no event fits */
  private behind = true;
  private following: Following | undefined;
  private loading: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private readonly unsubscribe: () => void;

  readonly value: ReadonlySignal<T | undefined> = this.current;
  readonly status: ReadonlySignal<ResourceStatus> = this.stands;
  readonly error: ReadonlySignal<Error | undefined> = this.problem;

  constructor(
    private readonly live: Live,
    private readonly options: ResourceOptions<T>,
  ) {
    this.unsubscribe = live.connection.subscribe((connection) => {
      if (connection.state !== "open" && this.stands.peek() === "live") this.stands.value = "old";
    });
    void this.load();
  }

  /** Change the state at once, before the server has confirmed it; the event that follows has the last word. */
  patch(change: (state: T) => T): void {
    if (this.current.peek() !== undefined) this.current.value = change(this.current.peek() as T);
  }

  /** Load a fresh snapshot; resolves when it is there. */
  async load(): Promise<void> {
    this.loading ??= this.loadOnce();
    return this.loading;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unsubscribe();
    this.following?.stop();
  }

  private async loadOnce(): Promise<void> {
    clearTimeout(this.timer);
    try {
      const { state, position } = await this.options.load();
      if (this.stopped) return;
      this.loading = undefined; // what follows may ask for another one
      this.backoff.worked();
      batch(() => {
        this.current.value = state;
        this.problem.value = undefined;
      });
      this.behind = false;
      this.follow(position);
    } catch (error) {
      this.failed(error as Error);
    }
  }

  private failed(error: Error): void {
    this.loading = undefined;
    if (this.stopped) return;
    this.problem.value = error;
    if (error instanceof NotLoadable) {
      this.stands.value = "failed";
      return;
    }
    if (this.current.peek() !== undefined) this.stands.value = "old";
    this.timer = setTimeout(() => void this.load(), this.backoff.next());
  }

  private follow(position: string): void {
    if (this.following) return this.following.from(position);
    this.following = this.live.follow(this.options.topic, position, {
      sync: (sync) => this.synced(sync),
      event: (event) => this.arrived(event),
    });
  }

  private synced(sync: Sync): void {
    if (sync.ok) {
      if (this.behind) return;
      this.stands.value = "live";
      const at = this.following?.at;
      if (at) this.options.stored?.(parsePosition(at).seq);
    } else if (isReset(sync.reason)) {
      this.reset();
    } else {
      this.stands.value = "forbidden";
    }
  }

  private arrived(event: LiveEvent): void {
    const state = this.current.peek();
    if (this.behind || state === undefined) return;
    try {
      this.current.value = this.options.apply(state, event);
      if (this.options.outdates?.(event)) return this.reset();
      this.options.stored?.(event.seq);
    } catch (error) {
      console.error(error);
      this.reset(); // a snapshot has what the event did
    }
  }

  private reset(): void {
    this.behind = true;
    if (this.stands.peek() === "live") this.stands.value = "old";
    void this.load();
  }
}
