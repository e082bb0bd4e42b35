import { expect, test } from "vitest";
import { bearing, metersBetween, Plane, shareOf, Way } from "../../src/map/way";

/** 100 m east, then 50 m north. */
const CORNER = new Way([
  { x: 0, y: 0 },
  { x: 100, y: 0 },
  { x: 100, y: 50 },
]);

test("a plane measures a city in meters, and gives back the same point", () => {
  const plane = new Plane({ latitude: 60.17, longitude: 24.94 });
  const north = { latitude: 60.171, longitude: 24.94 };
  const east = { latitude: 60.17, longitude: 24.942 };
  expect(plane.spot(north).y).toBeCloseTo(111.2, 1);
  expect(plane.spot(east).x).toBeCloseTo(110.6, 1);
  const again = plane.point(plane.spot(east));
  expect([again.latitude, again.longitude]).toEqual([expect.closeTo(60.17, 9), expect.closeTo(24.942, 9)]);
});

test.each([
  [-5, 0, 0],
  [0, 0, 0],
  [40, 40, 0],
  [100, 100, 0],
  [120, 100, 20],
  [150, 100, 50],
  [999, 100, 50],
])("after %i m", (meters, x, y) => {
  expect(CORNER.length).toBe(150);
  expect(CORNER.at(meters)).toEqual({ x, y });
});

test("the nearest place is looked for on a part only", () => {
  expect(CORNER.nearest({ x: 60, y: 30 }, 0, 150)).toBe(60);
  expect(CORNER.nearest({ x: 90, y: 30 }, 0, 150)).toBe(130);
  expect(CORNER.nearest({ x: 90, y: 30 }, 0, 110)).toBe(110);
  expect(CORNER.nearest({ x: 10, y: 0 }, 40, 110)).toBe(40);
});

test("a way whose corners repeat is no trouble", () => {
  const standing = new Way([
    { x: 3, y: 4 },
    { x: 3, y: 4 },
    { x: 3, y: 14 },
  ]);
  expect(standing.at(0)).toEqual({ x: 3, y: 4 });
  expect(standing.at(5)).toEqual({ x: 3, y: 9 });
  expect(standing.nearest({ x: 0, y: 9 }, 0, 10)).toBe(5);
});

test("bearings go clockwise from north", () => {
  const here = { x: 0, y: 0 };
  expect([bearing(here, { x: 0, y: 1 }), bearing(here, { x: 1, y: 0 })]).toEqual([0, 90]);
  expect([bearing(here, { x: 0, y: -1 }), bearing(here, { x: -1, y: 0 })]).toEqual([180, 270]);
});

test("the nearest share of a line lies on it", () => {
  const [one, other] = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
  ];
  expect([-3, 4, 30].map((x) => shareOf({ x, y: 5 }, one, other))).toEqual([0, 0.4, 1]);
  expect(shareOf({ x: 7, y: 7 }, one, one)).toBe(0);
  expect(metersBetween(one, other)).toBe(10);
});
