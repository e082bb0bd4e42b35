/** The server's time. A device's clock may be wrong by minutes, and deadlines are by the server's. */
import { computed, signal } from "@preact/signals";
import { api } from "../app/api";
import { now } from "./time";

/** A difference that has become smaller by this much: somebody has set the device's clock. */
const SET_MS = 5_000;
const ahead = signal<number | null>(null);

/** Unix milliseconds, to the second; drawn anew each second. */
export const serverNow = computed(() => toServer(now.value));

/** The server's time at a moment of this device's clock, in Unix milliseconds. */
export function toServer(here: number): number {
  return here + (ahead.value ?? 0);
}

/** A clock of the server's time, in Unix milliseconds, that what is learnt later does not set right: it never jumps. */
export function serverClock(): () => number {
  const value = ahead.value ?? 0;
  return () => Date.now() + value;
}

/**
 * Learn from every answer of the API how far this device's clock is off. HTTP tells whole seconds, and answers are
 * under way for a while: the server is never behind what it says, so the greatest difference is the truest.
 */
export function followServerClock(): void {
  api.use({
    onResponse: ({ response }) => {
      const difference = Date.parse(response.headers.get("date") ?? "") - Date.now();
      const known = ahead.peek();
      if (known === null || difference > known || difference < known - SET_MS)
        if (Number.isFinite(difference)) ahead.value = difference;
    },
  });
}
