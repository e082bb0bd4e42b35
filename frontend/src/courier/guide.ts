/** The way to a courier's next stop: asked for anew where they have left it, and not often. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Schemas } from "../app/api";
import { metersBetween, Plane, type Point, Way } from "../map/way";
import type { Fix } from "./position";

export type WayView = Schemas["WayView"];

const OFF_WAY_METERS = 80;
const AGAIN_MS = 30_000;

/** How far it still is, and how far beside the way one is. */
export interface Progress {
  offMeters: number;
  leftMeters: number;
  leftSeconds: number;
}

export function progressOn(way: WayView, at: Point): Progress {
  const plane = new Plane(at);
  const line = new Way(pointsOf(way).map((point) => plane.spot(point)));
  const here = plane.spot(at);
  const along = line.nearest(here, 0, line.length);
  const leftMeters = line.length - along;
  return {
    offMeters: metersBetween(here, line.at(along)),
    leftMeters,
    leftSeconds: line.length > 0 ? (leftMeters / line.length) * way.seconds : 0,
  };
}

export function pointsOf({ points }: Pick<WayView, "points">): Point[] {
  return points.map(([latitude, longitude]) => ({ latitude, longitude }));
}

/** The way to one stop. */
export class Guide {
  private readonly known = signal<WayView | null>(null);
  private askedAt = -Infinity;

  /** Null until it is known. */
  readonly way: ReadonlySignal<WayView | null> = this.known;

  constructor(private readonly load: (from: Point) => Promise<WayView>) {}

  /** The courier is here now. */
  async follow(fix: Fix): Promise<void> {
    const way = this.known.peek();
    if (way && progressOn(way, fix).offMeters <= OFF_WAY_METERS) return;
    if (Date.now() - this.askedAt < AGAIN_MS) return;
    this.askedAt = Date.now();
    try {
      this.known.value = await this.load(fix);
    } catch {
      // the map shows the stop without a way; asked again in a while
    }
  }
}
