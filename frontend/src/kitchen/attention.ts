/** When the board sounds. */
import { useEffect } from "preact/hooks";
import { useBell } from "../ui/attention";
import type { Ringer } from "../ui/ringer";
import type { Ticket } from "./board";

/** A board that is not connected for this long says so with a sound, too. */
const ALARM_AFTER_MS = 15_000;

/** Rings for tickets nobody has seen, and sounds an alarm when the board has been cut off for a while. */
export function useSound(ringer: Ringer, waiting: readonly Ticket[], disconnected: boolean): void {
  useBell(ringer, waiting.length > 0 ? Math.max(...waiting.map((ticket) => ticket.status.loudness)) : null);
  useEffect(() => {
    if (!disconnected) return;
    const timer = setTimeout(() => ringer.alarm(true), ALARM_AFTER_MS);
    return () => {
      clearTimeout(timer);
      ringer.alarm(false);
    };
  }, [disconnected]);
}
