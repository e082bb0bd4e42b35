/** The present, as a signal: what shows it is drawn anew each second, and nothing ticks while nothing shows it. */
import { signal } from "@preact/signals";

let timer: ReturnType<typeof setInterval> | undefined;

/** Unix milliseconds, to the second. */
export const now = signal(Date.now(), {
  watched: () => {
    now.value = Date.now();
    timer = setInterval(() => (now.value = Date.now()), 1000);
  },
  unwatched: () => clearInterval(timer),
});

/** Whole minutes until a time; 0 when it has passed. */
export function minutesUntil(at: string): number {
  return Math.max(0, Math.ceil((Date.parse(at) - now.value) / 60_000));
}

/** 4:05 */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
