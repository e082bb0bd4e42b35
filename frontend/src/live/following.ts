/** One follower of one topic, and where it stands: it gets every event once and in order, whatever comes again. */
import { isNext, isReset, type LiveEvent, positionOf, resumesAt, type Sync } from "./protocol";

/** Gets what happens on a topic. */
export interface Follower {
  sync(sync: Sync): void;
  event(event: LiveEvent): void;
}

export class Following {
  private position: string | null = null;

  /** `ask` has the topic served from a position; `leave` ends it. */
  constructor(
    private readonly follower: Follower,
    private readonly ask: (position: string | null) => void,
    private readonly leave: (following: Following) => void,
  ) {}

  /** Up to where this follower has seen everything. */
  get at(): string | null {
    return this.position;
  }

  /** Go on from a snapshot's position. */
  from(position: string | null): void {
    this.position = position;
    this.ask(position);
  }

  stop(): void {
    this.leave(this);
  }

  synced(sync: Sync): void {
    if (!sync.ok && isReset(sync.reason)) this.position = resumesAt(sync);
    this.follower.sync(sync);
  }

  /** What is not next has been seen, or was on its way when the follower went back: it will come in its turn. */
  arrived(event: LiveEvent): void {
    if (this.position !== null && !isNext(event, this.position)) return;
    this.position = positionOf(event);
    this.follower.event(event);
  }
}
