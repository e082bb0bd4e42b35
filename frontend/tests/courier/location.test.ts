/** Reports of positions: when, how many, in which order, and never off duty. */
import { beforeEach, expect, test, vi } from "vitest";
import { LocationReports } from "../../src/courier/location";
import { Position } from "../../src/courier/position";
import { FakeGeolocation, FakeLive, FakeStorage, settle } from "./fakes";

const SHIFT = "2026-11-23T10:00:00Z";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T10:00:00Z") });
});

function device(storage = new FakeStorage(), ahead = 0) {
  const geolocation = new FakeGeolocation();
  const live = new FakeLive();
  const position = new Position(geolocation);
  const reports = new LocationReports(position, live as never, storage, (here) => here + ahead);
  const onDuty = (since = SHIFT) => {
    position.start();
    reports.start(since);
  };
  const offDuty = () => {
    reports.forget();
    position.stop();
  };
  return { geolocation, live, position, reports, storage, onDuty, offDuty };
}

/** Ride for so many seconds, a fix each second; the latitude tells the second. */
async function ride(geolocation: FakeGeolocation, from: number, to: number): Promise<void> {
  for (let second = from; second < to; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    geolocation.move(second);
  }
}

test("the first fix is reported at once, then the newest of each 12 s", async () => {
  const { geolocation, live, onDuty } = device();
  onDuty();
  geolocation.move(60);
  for (let second = 1; second <= 36; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    geolocation.move(second);
    await live.answer();
  }
  expect(live.lists).toEqual([[60], [11], [23], [35]]);
});

test("a report says when and how it was measured, by the server's clock", () => {
  const { geolocation, live, onDuty } = device(new FakeStorage(), 90_000);
  onDuty();
  geolocation.move(60.2);
  expect(live.sent).toEqual([
    [
      {
        latitude: 60.2,
        longitude: 24.95,
        accuracy_meters: 8,
        heading_degrees: null,
        speed_mps: 4,
        at: "2026-11-23T10:01:30.000Z",
      },
    ],
  ]);
});

test("who stands still is measured anew, so that dispatch knows that somebody is there", async () => {
  const { geolocation, live, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await live.answer();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(geolocation.measured).toBe(1);
  expect(live.lists).toEqual([[60], [60]]);
});

test("a minute offline becomes one list, the oldest first", async () => {
  const { geolocation, live, reports, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await live.answer();
  live.become("waiting");
  await ride(geolocation, 1, 61);
  expect(live.sent).toHaveLength(1);
  expect(reports.waiting.value).toBe(5);
  live.become("open");
  expect(live.lists[1]).toEqual([11, 23, 35, 47, 59]);
  await live.answer();
  expect(reports.waiting.value).toBe(0);
  expect(live.sent).toHaveLength(2);
});

test("what comes while a list is under way waits for its answer", async () => {
  const { geolocation, live, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await ride(geolocation, 1, 30);
  expect(live.waiting).toBe(1);
  expect(live.lists).toEqual([[60]]);
  await live.answer();
  expect(live.lists).toEqual([[60], [11, 23]]);
});

test("a list whose answer was lost is sent again, with what has come since", async () => {
  const { geolocation, live, reports, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await ride(geolocation, 1, 14);
  await live.cut();
  expect(reports.waiting.value).toBe(2);
  live.become("open");
  expect(live.lists).toEqual([[60], [60, 11]]);
  await live.answer();
  expect(reports.waiting.value).toBe(0);
});

test("what the server cannot take now it is asked again with the next report", async () => {
  const { geolocation, live, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await live.answer("unavailable");
  expect(live.sent).toHaveLength(1);
  await ride(geolocation, 1, 13);
  expect(live.lists).toEqual([[60], [60, 11]]);
});

test("what the server will never take is not sent again", async () => {
  const { geolocation, live, reports, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await live.answer("invalid_fields");
  expect(reports.waiting.value).toBe(0);
});

test("no more than 500 wait, and the newest stay", async () => {
  const { live, geolocation, reports, onDuty } = device();
  onDuty();
  live.become("waiting");
  for (let number = 1; number <= 510; number++) {
    geolocation.move(number);
    await vi.advanceTimersByTimeAsync(12_000);
  }
  expect(reports.waiting.value).toBe(500);
  live.become("open");
  expect(live.lists[0]?.length).toBe(500);
  expect(live.lists[0]?.at(-1)).toBe(510);
});

test("what waits survives a reload on duty", async () => {
  const before = device();
  before.onDuty();
  before.live.become("waiting");
  before.geolocation.move(60);
  await ride(before.geolocation, 1, 14);
  before.reports.stop(); // the page goes

  const after = device(before.storage);
  after.onDuty();
  expect(after.live.lists).toEqual([[60, 11]]);
  await after.live.answer();
  expect(after.reports.waiting.value).toBe(0);
});

test("nothing is recorded off duty, and nothing is left of the shift", async () => {
  const { geolocation, live, storage, reports, onDuty, offDuty } = device();
  onDuty();
  live.become("waiting");
  geolocation.move(60);
  offDuty();
  expect(geolocation.watching).toBe(0);
  geolocation.move(61);
  await vi.advanceTimersByTimeAsync(60_000);
  live.become("open");
  expect(live.sent).toEqual([]);
  expect(reports.waiting.value).toBe(0);
  expect(storage.stored.size).toBe(0);
});

test("reports of one shift are never sent in another", () => {
  const before = device();
  before.onDuty();
  before.live.become("waiting");
  before.geolocation.move(60);
  const after = device(before.storage);
  after.onDuty("2026-11-23T18:00:00Z");
  expect(after.live.sent).toEqual([]);
});

test("the answer that the courier is off duty ends it", async () => {
  const { geolocation, live, storage, onDuty } = device();
  onDuty();
  geolocation.move(60);
  await live.answer("off_duty");
  await ride(geolocation, 1, 30);
  expect(live.sent).toHaveLength(1);
  expect(storage.stored.size).toBe(0);
});

test("an answer to the shift before changes nothing in this one", async () => {
  const { geolocation, live, reports, onDuty, offDuty } = device();
  onDuty();
  geolocation.move(60);
  offDuty();
  onDuty("2026-11-23T18:00:00Z");
  await vi.advanceTimersByTimeAsync(1_000);
  geolocation.move(61);
  await live.answer("off_duty");
  expect(live.lists).toEqual([[60], [61]]);
  await live.answer();
  expect(reports.waiting.value).toBe(0);
});

test("a storage that is full or forbidden does not keep reports from being sent", () => {
  const storage = new FakeStorage();
  storage.setItem = () => {
    throw new Error("full");
  };
  const { geolocation, live, onDuty } = device(storage);
  onDuty();
  geolocation.move(60);
  expect(live.lists).toEqual([[60]]);
});

test("a browser that may not tell says so, to who asks and to who watches", async () => {
  const { geolocation, live, position, onDuty } = device();
  geolocation.denied = true;
  expect(await position.ask()).toBe(false);
  expect(position.trouble.value).toBe("denied");
  onDuty();
  await settle();
  expect(position.trouble.value).toBe("denied");
  expect(live.sent).toEqual([]);
  geolocation.denied = false;
  expect(await position.ask()).toBe(true);
  expect(position.trouble.value).toBeNull();
});

test("a position that is lost for a while is told, and that it is back", () => {
  const { geolocation, position, onDuty } = device();
  onDuty();
  geolocation.fail(2);
  expect(position.trouble.value).toBe("unavailable");
  geolocation.move(60);
  expect(position.trouble.value).toBeNull();
});

test("a position is reported before its time where somebody waits for it", async () => {
  const { geolocation, live, reports, onDuty } = device();
  reports.reportNow();
  onDuty();
  geolocation.move(60);
  await live.answer();
  await ride(geolocation, 1, 4);
  await vi.advanceTimersByTimeAsync(500);
  reports.reportNow();
  expect(geolocation.measured).toBe(1);
  expect(live.lists).toEqual([[60], [3]]);
});
