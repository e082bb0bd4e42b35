/** Where this device is, for as long as somebody wants to know; nothing of it is kept afterwards. */
import { type ReadonlySignal, signal } from "@preact/signals";

/** A measured position; `at` in Unix milliseconds of this device's clock. */
export interface Fix {
  latitude: number;
  longitude: number;
  accuracyMeters: number;
  headingDegrees: number | null;
  speedMps: number | null;
  at: number;
}

/** `denied`: the browser may not tell; `unavailable`: it does not know, for now. */
export type Trouble = "denied" | "unavailable";

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 20_000 };

export class Position {
  private readonly newest = signal<Fix | null>(null);
  private readonly problem = signal<Trouble | null>(null);
  private watch: number | undefined;

  /** The newest one; null: not known, or not asked for. */
  readonly fix: ReadonlySignal<Fix | null> = this.newest;
  /** What keeps it from being known. */
  readonly trouble: ReadonlySignal<Trouble | null> = this.problem;

  constructor(private readonly geolocation: Geolocation) {}

  /** Have the browser ask the person, from a touch. False: it may not tell. */
  async ask(): Promise<boolean> {
    this.problem.value = null;
    const code = await new Promise<number>((resolve) =>
      this.geolocation.getCurrentPosition(
        () => resolve(0),
        (error) => resolve(error.code),
        OPTIONS,
      ),
    );
    if (isDenied(code)) this.problem.value = "denied";
    return !isDenied(code);
  }

  start(): void {
    this.stop();
    const [taken, failed] = this.listeners();
    this.watch = this.geolocation.watchPosition(taken, failed, OPTIONS);
  }

  stop(): void {
    if (this.watch !== undefined) this.geolocation.clearWatch(this.watch);
    this.watch = undefined;
    this.newest.value = null;
    this.problem.value = null;
  }

  /** Measure now: a browser is silent for as long as nothing moves. */
  refresh(): void {
    if (this.watch !== undefined) this.geolocation.getCurrentPosition(...this.listeners(), OPTIONS);
  }

  /** What comes for a watch that is over is of no interest. */
  private listeners(): [PositionCallback, PositionErrorCallback] {
    const isOver = () => this.watch === undefined;
    return [(position) => isOver() || this.took(position), (error) => isOver() || this.failed(error.code)];
  }

  private took({ coords, timestamp }: GeolocationPosition): void {
    this.problem.value = null;
    if (timestamp === this.newest.peek()?.at) return;
    this.newest.value = {
      latitude: coords.latitude,
      longitude: coords.longitude,
      accuracyMeters: coords.accuracy,
      headingDegrees: known(coords.heading),
      speedMps: known(coords.speed),
      at: timestamp,
    };
  }

  private failed(code: number): void {
    this.problem.value = isDenied(code) ? "denied" : "unavailable";
  }
}

function isDenied(code: number): boolean {
  return code === 1; // GeolocationPositionError.PERMISSION_DENIED
}

/** Where nothing moves, browsers say null, NaN or a negative number. */
function known(value: number | null): number | null {
  return value !== null && value >= 0 ? value : null;
}
