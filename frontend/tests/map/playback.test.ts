/** The moving marker: a courier goes along a way, reports are late, lost or away, and nobody sees a jump. */
import { describe, expect, test } from "vitest";
import { Playback, type Report } from "../../src/map/playback";
import { metersBetween, type Point } from "../../src/map/way";
import { Chances } from "../live/random";
import { type Frame, FRAME_MS, PLANE, Ride, type RideOptions, someWay, START } from "./ride";

const WALKER = 1.4;
const CYCLIST = 5.5;
const SEEDS = 4;
const EVERY_SECOND = 63;

function mostMeters(frames: Frame[]): number {
  return Math.max(...frames.map(({ meters }) => meters));
}

describe.each([
  ["walker", WALKER],
  ["cyclist", CYCLIST],
])("a %s", (_, metersPerSecond) => {
  const CASES: [string, Partial<RideOptions>][] = [
    ["reports every 12 s", {}],
    ["reports every 5 s", { intervalSeconds: 5 }],
    ["every fifth report lost", { lost: 20 }],
    ["20 s without a connection", { outage: [65, 85] }],
    ["reports lost and 20 s without a connection", { lost: 20, outage: [65, 85] }],
    ["a courier's clock 3 minutes fast", { skewMs: 180_000, lost: 10 }],
    ["a courier's clock 3 minutes slow", { skewMs: -180_000, lost: 10 }],
    ["a way that nobody knows", { wayUnknown: true, lost: 10 }],
    ["positions that are off by a little", { noiseMeters: metersPerSecond, lost: 10 }],
  ];
  test.each(CASES)("with %s never jumps, races or lags", (_, options) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const chances = new Chances(seed);
      const way = someWay(chances, metersPerSecond * 180);
      const ride = new Ride({ way, chances, metersPerSecond, seconds: 150, ...options });
      const frames = ride.watch();
      expect(frames.length, `seed ${seed}`).toBeGreaterThan(9_000);
      // 30 m are far more than what it may go in a frame
      expect(mostMeters(frames), `seed ${seed}`).toBeLessThan((3 * metersPerSecond * FRAME_MS) / 1000);
      expect(frames.at(-1)?.sight.jumps, `seed ${seed}`).toBe(0);
      for (const frame of frames.filter((_, index) => index % EVERY_SECOND === 0)) {
        const late = ride.behindSeconds(frame) - ride.observedSeconds(frame);
        expect(late, `seed ${seed}, second ${(frame.now - START) / 1000}`).toBeLessThan(5);
        if (!options.wayUnknown) expect(ride.astrayMeters(frame), `seed ${seed}`).toBeLessThan(1);
      }
    }
  });
});

/** A straight way to the north, 1 km. */
const NORTH: Point[] = [0, 300, 1000].map((y) => PLANE.point({ x: 0, y }));

/** Reports of somebody who goes north, and a viewer with a right clock; seconds are since the start. */
class Scene {
  readonly playback = new Playback();

  constructor(way: Point[] | null = NORTH) {
    this.playback.follow(way, START);
  }

  report(second: number, y: number, more: Partial<Report> & { x?: number; arrives?: number } = {}): void {
    const { x = 0, arrives = second, ...rest } = more;
    const times = { at: START + second * 1000, receivedAt: START + second * 1000 };
    const moving = { headingDegrees: null, speedMps: null, assignment: 1 };
    this.playback.report({ ...PLANE.point({ x, y }), ...moving, ...times, ...rest }, START + arrives * 1000);
  }

  /** Meters east and north of the start. */
  seen(second: number): [number, number] {
    const sight = this.sight(second);
    const { x, y } = PLANE.spot(sight);
    return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
  }

  sight(second: number) {
    const sight = this.playback.at(START + second * 1000);
    if (!sight) throw new Error("nothing is to be seen");
    return sight;
  }

  /** How far north it is at each second; what is looked at is looked at frame by frame. */
  north(from: number, to: number): number[] {
    const seen = [];
    for (let frame = from * 60; frame <= to * 60; frame++) {
      const [, y] = this.seen(frame / 60);
      if (frame % 60 === 0) seen.push(y);
    }
    return seen;
  }
}

/** Somebody who goes 5 m a second, until a moment. */
function riding(until: number, way: Point[] | null = NORTH): Scene {
  const scene = new Scene(way);
  for (let second = 0; second <= until; second += 12) scene.report(second, second * 5);
  return scene;
}

test("nothing is to be seen before the first report, and then at once", () => {
  const scene = new Scene();
  expect(scene.playback.at(START)).toBeNull();
  scene.report(0, 100);
  expect(scene.seen(0)).toEqual([0, 100]);
  expect(scene.seen(5)).toEqual([0, 100]);
});

test("it is played back one interval late", () => {
  const scene = riding(12);
  expect(scene.north(12, 24)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
});

test("the interval is what is observed", () => {
  const scene = new Scene();
  for (let second = 0; second <= 60; second += 4) {
    scene.report(second, second * 5);
    scene.seen(second);
  }
  scene.seen(61);
  expect(scene.seen(62)[1]).toBeCloseTo((62 - 4) * 5, -1);
});

test("between two reports that lie on the way it goes along the way, else straight", () => {
  const corner = [
    [0, 0],
    [60, 0],
    [60, 60],
  ].map(([x = 0, y = 0]) => PLANE.point({ x, y }));
  const seen = (way: Point[] | null) => {
    const scene = new Scene(way);
    scene.report(0, 5, { x: 0 });
    scene.report(12, 60, { x: 65 });
    return [scene.seen(12), scene.seen(18), scene.seen(24)];
  };
  expect(seen(corner)).toEqual([
    [0, 0],
    [60, 0],
    [60, 60],
  ]);
  expect(seen(null)).toEqual([
    [0, 5],
    [32.5, 32.5],
    [65, 60],
  ]);
});

test("who leaves the way is seen off it, and on it again after that", () => {
  const scene = new Scene();
  scene.report(0, 0);
  scene.report(12, 50, { x: 60 });
  scene.report(24, 110);
  scene.report(36, 170);
  expect(scene.north(12, 48).length).toBe(37);
  expect(scene.seen(48)).toEqual([0, 170]);
  const again = new Scene();
  again.report(0, 0);
  again.report(12, 50, { x: 60 });
  expect(again.seen(24)).toEqual([60, 50]);
});

test("a way that comes back beside itself is not gone in one step", () => {
  const thereAndBack = [
    [0, 0],
    [0, 400],
    [10, 400],
    [10, 0],
  ].map(([x = 0, y = 0]) => PLANE.point({ x, y }));
  const scene = new Scene(thereAndBack);
  scene.report(0, 0);
  scene.report(12, 60, { x: 8 });
  scene.report(24, 120);
  expect([scene.seen(30), scene.seen(36)]).toEqual([
    [0, 90],
    [0, 120],
  ]);
});

test("who turns round is seen going back; a little back is inaccuracy", () => {
  const scene = new Scene();
  scene.report(0, 200);
  scene.report(12, 190);
  scene.report(24, 100);
  expect([scene.seen(12), scene.seen(24), scene.seen(36)]).toEqual([
    [0, 200],
    [0, 200],
    [0, 100],
  ]);
});

test("without reports it goes on, slower and slower, and stands after 15 s", () => {
  const scene = riding(24);
  const north = scene.north(24, 60);
  const steps = north.map((y, second) => y - (north[second - 1] ?? y));
  expect(steps.slice(1, 17).every((step) => Math.abs(step - 5) < 0.2)).toBe(true);
  expect(steps.slice(18, 28).every((step, index, all) => step <= (all[index - 1] ?? 5) + 0.1)).toBe(true);
  expect(steps.slice(28)).toEqual(Array.from({ length: 9 }, () => 0));
  // 5 s at full speed, and 10 s on average half of it
  expect(north.at(-1)).toBeCloseTo(120 + 25 + 25, 0);
});

test("it goes on no further than the way does, and off the way in the direction it had", () => {
  const ending = riding(
    24,
    [0, 130].map((y) => PLANE.point({ x: 0, y })),
  );
  expect(ending.seen(60)).toEqual([0, 130]);
  expect(riding(24, null).seen(60)).toEqual([0, 170]);
  const told = new Scene(null);
  told.report(0, 0, { headingDegrees: 90, speedMps: 2 });
  told.seen(12);
  expect(told.seen(60)).toEqual([20, 0]);
});

test("the picture is old from 30 s on, by the time since the newest report", () => {
  const scene = riding(12);
  expect([scene.sight(12).ageMs, scene.sight(12).old]).toEqual([0, false]);
  expect([scene.sight(41).ageMs, scene.sight(41).old]).toEqual([29_000, false]);
  expect([scene.sight(52).ageMs, scene.sight(52).old]).toEqual([40_000, true]);
});

test("a first report may be the last known of long ago, and says so", () => {
  const scene = new Scene();
  scene.report(0, 0, { arrives: 45 });
  expect([scene.sight(45).ageMs, scene.sight(45).old]).toEqual([45_000, true]);
});

test("a wrong clock of the courier makes no picture old", () => {
  const scene = new Scene();
  for (const second of [0, 12, 24])
    scene.report(second - 300, second, { receivedAt: START + second * 1000, arrives: second });
  expect(scene.sight(24)).toMatchObject({ ageMs: 0, old: false });
});

test("a late report is taken up without a jump, and without going back where it was not far ahead", () => {
  const scene = riding(24);
  const north = scene.north(24, 56);
  scene.report(56, 280);
  north.push(...scene.north(56, 90));
  const steps = north.map((y, index) => y - (north[index - 1] ?? y));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...steps)).toBeLessThanOrEqual(2 * 5);
  expect(north.at(-1)).toBeGreaterThan(280);
});

test("who stood while it was thought to go on is come back to, slowly", () => {
  const scene = riding(24);
  const before = scene.north(24, 56);
  scene.report(56, 122);
  const after = scene.north(56, 120);
  const steps = after.map((y, index) => y - (after[index - 1] ?? before.at(-1) ?? y));
  expect(Math.min(...steps)).toBeGreaterThan(-5.1);
  expect(after.at(-1)).toBeCloseTo(122, -1);
});

test("over a gap of more than 250 m it is placed anew, and that is counted", () => {
  const scene = riding(24);
  scene.seen(36);
  scene.report(60, 380);
  expect([scene.seen(60), scene.sight(60).jumps]).toEqual([[0, 380], 1]);
  const near = riding(24);
  near.seen(36);
  near.report(60, 360);
  expect(near.sight(60).jumps).toBe(0);
});

test("another courier begins anew, and an earlier one is of no use", () => {
  const scene = riding(24);
  scene.seen(30);
  scene.report(20, 40, { assignment: 2, arrives: 30 });
  expect([scene.seen(30), scene.sight(30).jumps]).toEqual([[0, 40], 1]);
  scene.report(36, 180, { assignment: 1 });
  expect(scene.seen(36)).toEqual([0, 40]);
});

test("times that go backwards, and the same report again, change nothing", () => {
  const [scene, other] = [riding(36), riding(36)];
  scene.report(30, 999, { arrives: 37 });
  scene.report(36, 999, { arrives: 38 });
  expect(scene.north(38, 60)).toEqual(other.north(38, 60));
  expect(scene.sight(60).ageMs).toBe(24_000);
});

test("it looks where it goes, and turns as one does", () => {
  const corner = [
    [0, 0],
    [0, 60],
    [-200, 60],
  ].map(([x = 0, y = 0]) => PLANE.point({ x, y }));
  const scene = new Scene(corner);
  scene.report(0, 0);
  expect(scene.sight(0).headingDegrees).toBeNull();
  scene.report(12, 60, { x: 0 });
  const turns: number[] = [];
  let last = 0;
  for (let frame = 12 * 60; frame < 36 * 60; frame++) {
    if (frame === 24 * 60) scene.report(24, 60, { x: -60 });
    const heading = scene.sight(frame / 60).headingDegrees ?? 0;
    turns.push(Math.abs(((heading - last + 540) % 360) - 180));
    last = heading;
  }
  expect(last).toBeCloseTo(270, 0);
  expect(Math.max(...turns)).toBeLessThan(10);
});

test("a way that is learnt later, or is another one, moves the marker to it without a jump", () => {
  const scene = riding(24, null);
  scene.report(36, 180, { x: 20 });
  let last = scene.seen(37);
  scene.playback.follow(NORTH, START + 37_000);
  for (let frame = 37 * 60; frame < 48 * 60; frame++) {
    const [x, y] = scene.seen(frame / 60);
    expect(metersBetween({ x, y }, { x: last[0], y: last[1] })).toBeLessThan(0.5);
    last = [x, y];
  }
  expect(Math.abs(last[0])).toBeLessThan(0.5);
});

test("a page that was hidden shows what is true now", () => {
  const scene = riding(12);
  scene.seen(13);
  for (let second = 24; second <= 120; second += 12) scene.report(second, second * 5);
  expect(scene.seen(121)[1]).toBeCloseTo((121 - 12) * 5, 0);
});
