/** What the hub knows of one topic: where it stands, who follows, and the newest events for tabs that come later. */
import type { FromHub, Port } from "./messages";
import { isReset, type LiveEvent, parsePosition, positionOf, type Sync } from "./protocol";

const MOST_KEPT = 200;

type TabPort = Port<FromHub>;

/** What a tab's coming asks for. */
export interface Joined {
  /** the server has to be asked, from `position` */
  ask: boolean;
  replay: readonly LiveEvent[];
  sync: Sync | null;
}

export class FollowedTopic {
  /** Where the server has to go on; null: nobody has a snapshot yet. */
  position: string | null = null;
  /** tab → whether it has a position */
  private readonly followers = new Map<TabPort, boolean>();
  /** the server serves this topic, without a gap, from `position` on */
  private live = false;
  /** the server has been asked and has not said anything */
  private asked = false;
  private recent: LiveEvent[] = [];

  constructor(private readonly name: string) {}

  get tabs(): Iterable<TabPort> {
    return this.followers.keys();
  }

  join(tab: TabPort, position: string | null): Joined {
    this.followers.set(tab, position !== null);
    if (position === null) return this.joinWithout();
    if (this.live && this.covers(position)) {
      const replay = this.recent.filter((event) => event.seq > parsePosition(position).seq);
      return { ask: false, replay, sync: { topic: this.name, ok: true } };
    }
    if (!this.live && this.asked && this.position !== null && isAtOrAfter(position, this.position))
      return { ask: false, replay: [], sync: null };
    return this.askFrom(position);
  }

  /** True if nobody is left. */
  leave(tab: TabPort): boolean {
    return this.followers.delete(tab) && this.followers.size === 0;
  }

  /** The server said where it stands: what to tell whom. */
  synced(sync: Sync): [TabPort, Sync][] {
    this.asked = false;
    this.live = sync.ok;
    if (!sync.ok) {
      this.position = null;
      this.recent = [];
    }
    return [...this.followers].map(([tab, hasPosition]) => {
      if (!sync.ok && isReset(sync.reason)) this.followers.set(tab, false);
      return [tab, sync.ok && !hasPosition ? { ...sync, ok: false, reason: "position" } : sync];
    });
  }

  take(event: LiveEvent): void {
    if (!this.live) return;
    this.position = positionOf(event);
    this.recent.push(event);
    if (this.recent.length > MOST_KEPT) this.recent.shift();
  }

  disconnected(): void {
    this.live = false;
    this.asked = true; // with everything else, when it comes back
    this.recent = [];
  }

  private joinWithout(): Joined {
    if (this.live) return { ask: false, replay: [], sync: { topic: this.name, ok: false, reason: "position" } };
    if (this.asked) return { ask: false, replay: [], sync: null };
    this.asked = true;
    return { ask: true, replay: [], sync: null };
  }

  private askFrom(position: string): Joined {
    this.position = position;
    this.live = false;
    this.asked = true;
    this.recent = [];
    return { ask: true, replay: [], sync: null };
  }

  /** True if the tab misses nothing but what is kept here. A tab ahead of the hub just waits. */
  private covers(position: string): boolean {
    if (this.position === null) return false;
    const theirs = parsePosition(position);
    const ours = parsePosition(this.position);
    const oldest = this.recent[0]?.seq ?? ours.seq + 1;
    return theirs.epoch === ours.epoch && theirs.seq >= oldest - 1;
  }
}

function isAtOrAfter(position: string, other: string): boolean {
  const [a, b] = [parsePosition(position), parsePosition(other)];
  return a.epoch === b.epoch && a.seq >= b.seq;
}
