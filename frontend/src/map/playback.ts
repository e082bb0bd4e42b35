/**
 * Where a courier's marker stands at any moment, from reports that come every 10 to 15 s. Pure: time is passed in.
 *
 * The picture is played back one interval late, so that there nearly always is a report on both sides of the moment
 * shown; between two of them the marker goes along the way if both lie on it, else straight. Where reports stay away
 * it goes on for a while, slower and slower, and waits. Whatever is learnt later, it never jumps: it goes on from where
 * it is seen, somewhat faster or slower, until it is one interval late again. Only over a gap that is too large for a
 * movement is it placed anew.
 *
 * A moment is in milliseconds of the courier's clock, `now` of the viewer's; how far the two differ, and how long
 * reports are under way, is learnt from their arrival.
 */
import { bearing, between, metersBetween, Plane, type Point, shareOf, type Spot, Way } from "./way";

export interface Report extends Point {
  headingDegrees: number | null;
  speedMps: number | null;
  /** measured, by the courier's clock */
  at: number;
  /** by the server's clock, which is also the viewer's */
  receivedAt: number;
  /** grows with each courier of the order */
  assignment: number;
}

/** What is to be seen at a moment. */
export interface Sight extends Point {
  /** where it is going, once that is known */
  headingDegrees: number | null;
  /** since the newest report */
  ageMs: number;
  old: boolean;
  /** how often it has been placed anew */
  jumps: number;
}

const USUAL_INTERVAL_MS = 12_000;
/** a longer gap is an outage and says nothing of the interval */
const LONGEST_INTERVAL_MS = 20_000;
/** of so many reports the intervals and the delays are looked at */
const REMEMBERED = 5;
const ON_WAY_METERS = 40;
/** so far back along the way is inaccuracy, not a turn */
const BACK_METERS = 20;
const JUMP_METERS = 250;
/** without reports it goes on at full speed for so long … */
const GO_ON_SECONDS = 5;
/** … and slows down to a stop by then */
const STOP_SECONDS = 15;
const OLD_MS = 30_000;
/** the marker is made to be one interval late again in about so long, within these bounds of its speed */
const SETTLE_MS = 5_000;
const SLOWEST = 0.25;
const FASTEST = 1.9;
/** the speed is that of at least so long, where so much is known */
const SPEED_SECONDS = 8;
const TURN_MS = 300;

/** A report and where it is drawn. */
interface Fix {
  report: Report;
  spot: Spot;
  /** meters along the way, if it lies on it */
  along: number | null;
}

export class Playback {
  private plane: Plane | undefined;
  private way: Way | null = null;
  /** those that are still of use, oldest first */
  private fixes: Fix[] = [];
  /** between the newest reports */
  private intervals: number[] = [];
  /** of the newest reports: viewer's clock at arrival less courier's clock when measured */
  private delays: number[] = [];
  /** the moment that is shown */
  private moment = 0;
  /** from where the marker should be at that moment to where it is seen */
  private astray: Spot = { x: 0, y: 0 };
  private heading: number | null = null;
  private jumps = 0;
  private now = 0;

  /** A report has come. One that is older than what is known, or of an earlier courier, is of no use. */
  report(report: Report, now: number): void {
    const newest = this.fixes.at(-1)?.report;
    const isOther = newest !== undefined && report.assignment !== newest.assignment;
    if (newest && (report.assignment < newest.assignment || (!isOther && report.at <= newest.at))) return;
    this.advance(now);
    if (isOther) this.forget();
    if (newest && !isOther) this.remember(this.intervals, Math.min(report.at - newest.at, LONGEST_INTERVAL_MS));
    this.remember(this.delays, now - report.at);
    this.add(report);
  }

  /** The way the courier takes, or that none is known. */
  follow(way: readonly Point[] | null, now: number): void {
    this.advance(now);
    const seen = this.seen();
    const reports = this.fixes.map((fix) => fix.report);
    this.plane ??= way?.[0] && new Plane(way[0]);
    this.way = way && this.plane ? new Way(way.map((point) => (this.plane as Plane).spot(point))) : null;
    this.fixes = [];
    for (const report of reports) this.fixes.push(this.fix(report));
    if (seen) this.stay(seen);
  }

  /** What is to be seen now; null before the first report. */
  at(now: number): Sight | null {
    this.advance(now);
    const seen = this.seen();
    const newest = this.fixes.at(-1);
    if (!seen || !newest || !this.plane) return null;
    const ageMs = Math.max(0, now - this.delay() - newest.report.at);
    const old = ageMs >= OLD_MS;
    return { ...this.plane.point(seen), headingDegrees: this.heading, ageMs, old, jumps: this.jumps };
  }

  // reports

  private add(report: Report): void {
    const seen = this.seen();
    const before = this.fixes.at(-1);
    const fix = this.fix(report);
    if (!before || !seen) return this.place(report);
    if (metersBetween(before.spot, fix.spot) > JUMP_METERS) {
      this.jumps += 1;
      return this.place(report);
    }
    this.fixes.push(fix);
    if (this.moment <= before.report.at) return;
    // it had gone on by itself: from where it is seen it goes on, on the way that is now known to be the true one
    this.moment = this.momentNearest(seen, before, fix);
    this.stay(seen);
  }

  /** Here the marker is, and stands until more is known. */
  private place(report: Report): void {
    this.fixes = [];
    this.fixes.push(this.fix(report));
    this.astray = { x: 0, y: 0 };
    this.moment = this.due();
    this.heading = report.headingDegrees ?? this.heading;
  }

  private forget(): void {
    this.fixes = [];
    this.intervals = [];
    this.delays = [];
    this.heading = null;
    this.jumps += 1;
  }

  private remember(values: number[], value: number): void {
    values.push(value);
    if (values.length > REMEMBERED) values.shift();
  }

  private fix(report: Report): Fix {
    this.plane ??= new Plane(report);
    const spot = this.plane.spot(report);
    const { way } = this;
    if (!way) return { report, spot, along: null };
    const last = this.fixes.findLast((fix) => fix.along !== null);
    const moved = last ? metersBetween(this.plane.spot(last.report), spot) : 0;
    const from = last?.along ?? 0;
    const to = last ? Math.min(way.length, from + 3 * moved + ON_WAY_METERS) : way.length;
    const nearest = way.nearest(spot, Math.max(0, from - BACK_METERS), to);
    if (metersBetween(spot, way.at(nearest)) > ON_WAY_METERS) return { report, spot, along: null };
    const along = Math.max(from, nearest);
    return { report, spot: way.at(along), along };
  }

  // time

  /** Viewer's clock less courier's clock, and how long a report is under way at least. */
  private delay(): number {
    const [first] = this.fixes;
    const least = Math.min(...this.delays);
    // a lone one may be the last known of long ago
    return this.delays.length === 1 && first ? Math.min(least, first.report.receivedAt - first.report.at) : least;
  }

  /** The moment that should be shown: one interval late. */
  private due(): number {
    const { intervals } = this;
    const sum = intervals.reduce((total, interval) => total + interval, 0);
    return this.now - this.delay() - (intervals.length > 0 ? sum / intervals.length : USUAL_INTERVAL_MS);
  }

  private advance(now: number): void {
    const passed = Math.max(0, now - this.now);
    this.now = Math.max(now, this.now);
    const [first, second] = this.fixes;
    if (!first) return;
    if (this.moment < first.report.at) {
      this.moment = Math.min(this.due(), first.report.at);
    } else {
      const late = this.due() - this.moment - passed;
      const step = passed + late * (1 - Math.exp(-passed / SETTLE_MS));
      this.moment += Math.min(FASTEST * passed, Math.max(SLOWEST * passed, step));
    }
    if (second && this.fixes.length > REMEMBERED && this.moment > second.report.at) this.fixes.shift();
    this.comeBack(passed);
    this.turn(passed);
  }

  /** Less and less astray, and never faster than the courier goes. */
  private comeBack(passed: number): void {
    const { x, y } = this.astray;
    const meters = Math.hypot(x, y);
    if (meters === 0) return;
    const fastest = 0.9 * Math.max(1, this.speed()) * (passed / 1000);
    const less = Math.min(fastest, meters * (1 - Math.exp(-passed / 2_000)));
    this.astray = between(this.astray, { x: 0, y: 0 }, meters < 0.01 ? 1 : less / meters);
  }

  private turn(passed: number): void {
    const [here, soon] = [this.spotAt(this.moment), this.spotAt(this.moment + 1_000)];
    if (!here || !soon || metersBetween(here, soon) < 0.3) return;
    const wanted = bearing(here, soon);
    this.heading ??= wanted;
    const off = ((wanted - this.heading + 540) % 360) - 180;
    this.heading = (this.heading + off * (1 - Math.exp(-passed / TURN_MS)) + 360) % 360;
  }

  // space

  /** Where the marker is seen. */
  private seen(): Spot | null {
    const spot = this.spotAt(this.moment);
    return spot && { x: spot.x + this.astray.x, y: spot.y + this.astray.y };
  }

  /** The marker stays where it is seen, whatever is known now. */
  private stay(seen: Spot): void {
    const spot = this.spotAt(this.moment);
    if (spot) this.astray = { x: seen.x - spot.x, y: seen.y - spot.y };
  }

  /** Where the courier was, or may be. */
  private spotAt(moment: number): Spot | null {
    const after = this.fixes.findIndex((fix) => fix.report.at > moment);
    if (after === 0) return this.fixes[0]?.spot ?? null;
    const [one, other] = [this.fixes.at(after - 1), this.fixes[after]];
    if (after === -1 || !one || !other) return this.goOn(moment);
    const share = (moment - one.report.at) / (other.report.at - one.report.at);
    if (this.way && one.along !== null && other.along !== null)
      return this.way.at(one.along + (other.along - one.along) * share);
    return between(one.spot, other.spot, share);
  }

  /** Beyond the newest report: along the way, or on in the direction last known. */
  private goOn(moment: number): Spot | null {
    const newest = this.fixes.at(-1);
    if (!newest) return null;
    const seconds = Math.min((moment - newest.report.at) / 1000, STOP_SECONDS);
    const slowing = Math.max(0, seconds - GO_ON_SECONDS);
    const meters = this.speed() * (seconds - (slowing * slowing) / (2 * (STOP_SECONDS - GO_ON_SECONDS)));
    if (this.way && newest.along !== null) return this.way.at(newest.along + meters);
    const degrees = newest.report.headingDegrees ?? this.lastBearing();
    if (degrees === null) return newest.spot;
    const radians = (degrees * Math.PI) / 180;
    return { x: newest.spot.x + meters * Math.sin(radians), y: newest.spot.y + meters * Math.cos(radians) };
  }

  /** Meters a second, over the newest reports; of a lone one, its own word. */
  private speed(): number {
    let meters = 0;
    const newest = this.fixes.at(-1);
    for (let index = this.fixes.length - 1; index > 0; index--) {
      const [one, other] = [this.fixes[index - 1] as Fix, this.fixes[index] as Fix];
      meters += this.metersOf(one, other);
      const seconds = ((newest as Fix).report.at - one.report.at) / 1000;
      if (seconds >= SPEED_SECONDS || index === 1) return meters / seconds;
    }
    return newest?.report.speedMps ?? 0;
  }

  private metersOf(one: Fix, other: Fix): number {
    if (one.along !== null && other.along !== null) return other.along - one.along;
    return metersBetween(one.spot, other.spot);
  }

  private lastBearing(): number | null {
    const [one, other] = this.fixes.slice(-2);
    return one && other && metersBetween(one.spot, other.spot) > 1 ? bearing(one.spot, other.spot) : null;
  }

  /** The moment between two reports at which the courier was nearest to a spot; any will do for one who stood. */
  private momentNearest(spot: Spot, one: Fix, other: Fix): number {
    const [from, to] = [one.report.at, other.report.at];
    const meters = this.metersOf(one, other);
    if (meters < 1) return Math.min(to, Math.max(from, this.due()));
    if (!this.way || one.along === null || other.along === null)
      return from + (to - from) * shareOf(spot, one.spot, other.spot);
    return from + ((to - from) * (this.way.nearest(spot, one.along, other.along) - one.along)) / meters;
  }
}
