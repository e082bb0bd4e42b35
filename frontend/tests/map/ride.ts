/** A courier who goes along a way, the reports of it, and a viewer who looks at every frame. */
import { Playback, type Report, type Sight } from "../../src/map/playback";
import { metersBetween, Plane, type Point, Way } from "../../src/map/way";
import type { Chances } from "../live/random";

const ORIGIN = { latitude: 60.17, longitude: 24.94 };
export const PLANE = new Plane(ORIGIN);
export const FRAME_MS = 16;
/** when the courier starts, by the viewer's clock */
export const START = 1_800_000_000_000;

/** A way of so many meters with corners every 40 to 160 m, as in a city. */
export function someWay(chances: Chances, meters: number): Point[] {
  const spots = [{ x: 0, y: 0 }];
  let [gone, degrees] = [0, 0];
  while (gone < meters) {
    const leg = 40 + chances.below(120);
    const last = spots.at(-1) ?? { x: 0, y: 0 };
    // never back: a part that is gone twice is tested by itself
    degrees = Math.min(120, Math.max(-30, degrees + chances.pick([-80, -30, 10, 40, 90])));
    const radians = (degrees * Math.PI) / 180;
    spots.push({ x: last.x + leg * Math.sin(radians), y: last.y + leg * Math.cos(radians) });
    gone += leg;
  }
  return spots.map((spot) => PLANE.point(spot));
}

export interface RideOptions {
  way: Point[];
  metersPerSecond: number;
  seconds: number;
  chances: Chances;
  intervalSeconds?: number;
  /** of a hundred reports so many are lost */
  lost?: number;
  /** from when to when, in seconds, the viewer has no connection; then the newest report comes at once */
  outage?: [number, number];
  noiseMeters?: number;
  /** the courier's clock is fast by so much */
  skewMs?: number;
  /** the viewer does not know the way */
  wayUnknown?: boolean;
}

/** What the viewer sees at one frame. */
export interface Frame {
  now: number;
  sight: Sight;
  /** since the frame before */
  meters: number;
}

export class Ride {
  readonly way: Way;
  readonly playback = new Playback();
  readonly frames: Frame[] = [];
  private readonly arrivals: { arrives: number; report: Report }[];
  private readonly arrived: number[] = [];

  constructor(private readonly options: RideOptions) {
    this.way = new Way(options.way.map((point) => PLANE.spot(point)));
    if (!options.wayUnknown) this.playback.follow(options.way, START);
    this.arrivals = this.reports();
  }

  /** Look at every frame. */
  watch(): Frame[] {
    const end = START + this.options.seconds * 1000;
    let last: Sight | null = null;
    for (let now = START; now < end; now += FRAME_MS) {
      this.deliver(now);
      const sight = this.playback.at(now);
      if (sight) this.frames.push(this.frame(now, sight, last));
      last = sight;
    }
    return this.frames;
  }

  /** How long ago the courier was where the marker is. */
  behindSeconds({ now, sight }: Frame): number {
    const gone = Math.min(((now - START) / 1000) * this.options.metersPerSecond, this.way.length);
    return (gone - this.way.nearest(PLANE.spot(sight), 0, this.way.length)) / this.options.metersPerSecond;
  }

  /** How far from the way the marker is. */
  astrayMeters({ sight }: Frame): number {
    const spot = PLANE.spot(sight);
    return metersBetween(spot, this.way.at(this.way.nearest(spot, 0, this.way.length)));
  }

  /** The longest time between two reports that came within the last minute, with the one that is awaited. */
  observedSeconds({ now }: Frame): number {
    const arrivals = [...this.arrived.filter((at) => at <= now), now];
    const gaps = arrivals.map((at, index) => (now - at < 60_000 ? at - (arrivals[index - 1] ?? at) : 0));
    return Math.max(...gaps) / 1000;
  }

  /** Hand over the reports that have come by now. */
  deliver(now: number): void {
    while (this.arrivals[0] && this.arrivals[0].arrives <= now) {
      const { report } = this.arrivals.shift() as { report: Report };
      this.playback.report(report, now);
      this.arrived.push(now);
    }
  }

  private reports(): { arrives: number; report: Report }[] {
    const { seconds, intervalSeconds = 12, lost = 0, outage, chances } = this.options;
    const sent = [];
    for (let second = 0; second < seconds; second += intervalSeconds + chances.next() * 0.6) {
      const arrives = START + second * 1000 + 100 + chances.below(900);
      const report = this.reportAt(second, arrives);
      if (second === 0 || chances.below(100) >= lost) sent.push({ arrives, report });
    }
    if (!outage) return sent;
    const [from, to] = outage.map((second) => START + second * 1000) as [number, number];
    const missed = sent.filter(({ arrives }) => arrives >= from && arrives < to).at(-1);
    const heard = sent.filter(({ arrives }) => arrives < from || arrives >= to);
    if (missed) heard.push({ ...missed, arrives: to });
    return heard.sort((one, other) => one.arrives - other.arrives);
  }

  private reportAt(second: number, receivedAt: number): Report {
    const { metersPerSecond, noiseMeters = 0, chances, skewMs = 0 } = this.options;
    const spot = this.way.at(second * metersPerSecond);
    const noise = () => (chances.next() * 2 - 1) * noiseMeters;
    const point = PLANE.point({ x: spot.x + noise(), y: spot.y + noise() });
    const at = START + second * 1000 + skewMs;
    return { ...point, headingDegrees: null, speedMps: null, at, receivedAt, assignment: 1 };
  }

  private frame(now: number, sight: Sight, last: Sight | null): Frame {
    return { now, sight, meters: last ? metersBetween(PLANE.spot(last), PLANE.spot(sight)) : 0 };
  }
}
