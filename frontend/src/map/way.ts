/** Plane geometry of a city: meters on a plane, and ways along which one goes. Pure. */

/** Degrees. */
export interface Point {
  latitude: number;
  longitude: number;
}

/** Meters east (`x`) and north (`y`) of a plane's origin. */
export interface Spot {
  x: number;
  y: number;
}

const METERS_A_DEGREE = 111_195;

/** The ground around a point, taken as flat; right to a few centimeters within a city. */
export class Plane {
  private readonly metersEast: number;

  constructor(private readonly origin: Point) {
    this.metersEast = METERS_A_DEGREE * Math.cos((origin.latitude * Math.PI) / 180);
  }

  spot({ latitude, longitude }: Point): Spot {
    return {
      x: (longitude - this.origin.longitude) * this.metersEast,
      y: (latitude - this.origin.latitude) * METERS_A_DEGREE,
    };
  }

  point({ x, y }: Spot): Point {
    return {
      latitude: this.origin.latitude + y / METERS_A_DEGREE,
      longitude: this.origin.longitude + x / this.metersEast,
    };
  }
}

export function metersBetween(one: Spot, other: Spot): number {
  return Math.hypot(other.x - one.x, other.y - one.y);
}

/** The spot at this share of the straight line from one to the other. */
export function between(one: Spot, other: Spot, share: number): Spot {
  return { x: one.x + (other.x - one.x) * share, y: one.y + (other.y - one.y) * share };
}

/** At which share of the straight line from one to the other the spot is nearest; 0 to 1. */
export function shareOf(spot: Spot, one: Spot, other: Spot): number {
  const [x, y] = [other.x - one.x, other.y - one.y];
  const square = x * x + y * y;
  if (square === 0) return 0;
  return Math.min(1, Math.max(0, ((spot.x - one.x) * x + (spot.y - one.y) * y) / square));
}

/** Degrees clockwise from north. */
export function bearing(from: Spot, to: Spot): number {
  return ((Math.atan2(to.x - from.x, to.y - from.y) * 180) / Math.PI + 360) % 360;
}

/** A polyline; a place on it is told in meters from its start. */
export class Way {
  /** meters from the start, one a corner */
  private readonly meters: number[] = [];

  constructor(private readonly corners: readonly Spot[]) {
    let soFar = 0;
    corners.forEach((corner, index) => {
      soFar += metersBetween(corners[index - 1] ?? corner, corner);
      this.meters.push(soFar);
    });
  }

  get length(): number {
    return this.meters.at(-1) ?? 0;
  }

  /** The spot after so many meters; beyond an end it is the end. */
  at(meters: number): Spot {
    const after = this.meters.findIndex((corner) => corner > meters);
    const to = this.corners[after];
    const from = this.corners[after - 1];
    if (!to || !from) return (meters <= 0 ? this.corners[0] : this.corners.at(-1)) ?? { x: 0, y: 0 };
    const [start, end] = [this.meters[after - 1] ?? 0, this.meters[after] ?? 0];
    return between(from, to, (meters - start) / (end - start));
  }

  /** The place on the part `from`..`to` that is nearest to a spot. */
  nearest(spot: Spot, from: number, to: number): number {
    let [best, least] = [from, metersBetween(spot, this.at(from))];
    const tryAt = (meters: number) => {
      const distance = metersBetween(spot, this.at(meters));
      if (distance < least) [best, least] = [meters, distance];
    };
    for (let index = 1; index < this.corners.length; index++) {
      const [start, end] = [this.meters[index - 1] ?? 0, this.meters[index] ?? 0];
      if (end < from || start > to) continue;
      const share = shareOf(spot, this.corners[index - 1] as Spot, this.corners[index] as Spot);
      tryAt(Math.min(to, Math.max(from, start + share * (end - start))));
    }
    return best;
  }
}
