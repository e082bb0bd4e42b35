/** A device's geolocation, storage and live connection, as a test wants them. */
import { signal } from "@preact/signals";
import { CommandRefused, type Connection } from "../../src/live";
import type { Report } from "../../src/courier/location";

interface Watcher {
  taken: PositionCallback;
  failed: PositionErrorCallback;
}

/** Where the device is, and whether the browser may tell. Silent while nothing moves, as Chromium is. */
export class FakeGeolocation implements Geolocation {
  denied = false;
  /** how often it was asked to measure now */
  measured = 0;
  private readonly watchers = new Map<number, Watcher>();
  private latitude = 60.17;
  private newest = 0;

  get watching(): number {
    return this.watchers.size;
  }

  watchPosition(taken: PositionCallback, failed: PositionErrorCallback): number {
    this.watchers.set(++this.newest, { taken, failed });
    if (this.denied) queueMicrotask(() => this.fail(1));
    return this.newest;
  }

  clearWatch(id: number): void {
    this.watchers.delete(id);
  }

  getCurrentPosition(taken: PositionCallback, failed: PositionErrorCallback): void {
    this.measured++;
    if (this.denied) failed({ code: 1 } as GeolocationPositionError);
    else taken(this.here());
  }

  move(latitude: number): void {
    this.latitude = latitude;
    for (const { taken } of this.watchers.values()) taken(this.here());
  }

  fail(code: number): void {
    for (const { failed } of this.watchers.values()) failed({ code } as GeolocationPositionError);
  }

  private here(): GeolocationPosition {
    const coords = { latitude: this.latitude, longitude: 24.95, accuracy: 8, heading: NaN, speed: 4 };
    return { coords, timestamp: Date.now() } as unknown as GeolocationPosition;
  }
}

/** A browser's storage, which outlives the page. */
export class FakeStorage {
  readonly stored = new Map<string, string>();

  getItem(key: string): string | null {
    return this.stored.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.stored.set(key, value);
  }

  removeItem(key: string): void {
    this.stored.delete(key);
  }
}

/** A live connection; each command waits until the test answers it. */
export class FakeLive {
  readonly connection = signal<Connection>({ state: "open", why: "", since: 0, heardAt: 0 });
  readonly sent: Report[][] = [];
  private answers: ((code: string) => void)[] = [];

  command(_name: string, data: unknown): Promise<unknown> {
    this.sent.push((data as { reports: Report[] }).reports);
    return new Promise((resolve, reject) => {
      this.answers.push((code) => {
        if (code) reject(new CommandRefused({ code, message: code, details: {} }));
        else resolve({ accepted: 1, refused: [] });
      });
    });
  }

  /** Commands that wait for an answer. */
  get waiting(): number {
    return this.answers.length;
  }

  /** The server's answer to the oldest one; a code refuses it. */
  async answer(code = ""): Promise<void> {
    this.answers.shift()?.(code);
    await settle();
  }

  async cut(): Promise<void> {
    this.become("waiting");
    while (this.waiting > 0) await this.answer("connection_lost");
  }

  become(state: Connection["state"]): void {
    this.connection.value = { ...this.connection.value, state };
  }

  /** The latitudes of each list. */
  get lists(): number[][] {
    return this.sent.map((reports) => reports.map((report) => report.latitude));
  }
}

/** Let promises run. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 12; turns++) await Promise.resolve();
}
