/** The server's time. A device's clock may be wrong by minutes, and deadlines are by the server's. */
import { computed, signal } from "@preact/signals";
import { api } from "../app/api";
import { now } from "./time";

/** HTTP tells whole seconds, and answers are under way for a while: a difference below this is none. */
const NOTED_MS = 5_000;
const ahead = signal(0);

/** Unix milliseconds, to the second; drawn anew each second. */
export const serverNow = computed(() => now.value + ahead.value);

/** A clock of the server's time, in Unix milliseconds, that what is learnt later does not set right: it never jumps. */
export function serverClock(): () => number {
  const { value } = ahead;
  return () => Date.now() + value;
}

/** Learn from every answer of the API how far this device's clock is off. */
export function followServerClock(): void {
  api.use({
    onResponse: ({ response }) => {
      const difference = Date.parse(response.headers.get("date") ?? "") - Date.now();
      if (Number.isFinite(difference)) ahead.value = Math.abs(difference) < NOTED_MS ? 0 : difference;
    },
  });
}
