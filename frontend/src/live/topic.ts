/** What the hub knows of one topic: where it stands, who follows, and the newest events for tabs that come later. */
import type { FromHub, Port } from "./messages";
import { isNext, isReset, type LiveEvent, parsePosition, positionOf, resumesAt, type Sync } from "./protocol";

const MOST_KEPT = 200;

type TabPort = Port<FromHub>;

/** What a tab's coming asks for. */
export interface Joined {
  /** the server has to be asked, from `position` */
  ask: boolean;
  replay: readonly LiveEvent[];
  sync: Sync | null;
}

const WAIT: Joined = { ask: false, replay: [], sync: null };

export class FollowedTopic {
  /** Where the server has to go on; null: nobody knows. */
  position: string | null = null;
  private readonly followers = new Set<TabPort>();
  /** came without a position and have not been told to load a snapshot */
  private readonly newcomers = new Set<TabPort>();
  /** the server serves this topic, without a gap, from `position` on */
  private live = false;
  /** the server has been asked, or will be, and has not said anything */
  private asked = false;
  /** the events up to `position`, without a gap */
  private recent: LiveEvent[] = [];

  constructor(private readonly name: string) {}

  get tabs(): Iterable<TabPort> {
    return this.followers;
  }

  /** The server said that there is nothing to read. */
  get refused(): boolean {
    return !this.live && !this.asked;
  }

  join(tab: TabPort, position: string | null): Joined {
    this.followers.add(tab);
    if (position === null) return this.joinWithout(tab);
    if (this.live && this.covers(position)) {
      const replay = this.recent.filter((event) => event.seq > parsePosition(position).seq);
      return { ask: false, replay, sync: { topic: this.name, ok: true } };
    }
    if (!this.live && this.asked && (this.position === null || isAtOrAfter(position, this.position))) return WAIT;
    // of two histories one is over, and whoever stands in it needs a snapshot: the server resets who names no position
    this.position = this.position === null || isSameEpoch(position, this.position) ? position : null;
    this.recent = [];
    return this.askNow();
  }

  /** True if nobody is left. */
  leave(tab: TabPort): boolean {
    this.newcomers.delete(tab);
    return this.followers.delete(tab) && this.followers.size === 0;
  }

  /** The server said where it stands: what to tell whom. */
  synced(sync: Sync): [TabPort, Sync][] {
    // an answer to an earlier question; since then a reset has been asked for
    if (sync.ok && this.position === null) return [];
    if (!sync.ok) {
      this.position = isReset(sync.reason) ? resumesAt(sync) : null;
      this.recent = [];
    }
    this.asked = false;
    this.live = this.position !== null;
    const told = [...this.followers].map((tab): [TabPort, Sync] => [tab, this.syncFor(tab, sync)]);
    this.newcomers.clear();
    return told;
  }

  /** True if the event is the next one, and the tabs are to be told. */
  take(event: LiveEvent): boolean {
    if (!this.live || this.position === null || !isNext(event, this.position)) return false;
    this.position = positionOf(event);
    this.recent.push(event);
    if (this.recent.length > MOST_KEPT) this.recent.shift();
    return true;
  }

  disconnected(): void {
    this.live = false;
    this.asked = true; // with everything else, when it comes back
  }

  private joinWithout(tab: TabPort): Joined {
    if (this.live && this.position !== null) return { ask: false, replay: [], sync: this.noPosition(this.position) };
    this.newcomers.add(tab);
    return this.asked ? WAIT : this.askNow();
  }

  private askNow(): Joined {
    this.live = false;
    this.asked = true;
    return { ask: true, replay: [], sync: null };
  }

  private syncFor(tab: TabPort, sync: Sync): Sync {
    return sync.ok && this.position !== null && this.newcomers.has(tab) ? this.noPosition(this.position) : sync;
  }

  private noPosition(position: string): Sync {
    const { epoch, seq } = parsePosition(position);
    return { topic: this.name, ok: false, reason: "position", epoch, from: seq, to: seq };
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

function isSameEpoch(position: string, other: string): boolean {
  return parsePosition(position).epoch === parsePosition(other).epoch;
}
