/** How it stands with the server: nothing while all is well, a bar that says how old the picture is when not. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { live } from "../app/session";
import { clockWithSeconds, t } from "../i18n";

/** A lost connection is told after this long; most are back before anybody could read it. */
const PATIENCE_MS = 1_500;

/** True once the connection has been away for longer than a moment. */
export function useDisconnected(): boolean {
  const { state } = live().connection.value;
  return useLasting(state !== "open" && state !== "idle", PATIENCE_MS);
}

/** True once something has been so for so long. */
export function useLasting(so: boolean, milliseconds: number): boolean {
  const late = useSignal(false);
  useEffect(() => {
    late.value = false;
    if (!so) return;
    const timer = setTimeout(() => (late.value = true), milliseconds);
    return () => clearTimeout(timer);
  }, [so]);
  return late.value && so;
}

export function ConnectionBar() {
  const disconnected = useDisconnected();
  const { state, heardAt } = live().connection.value;
  if (!disconnected) return null;
  const words = heardAt === 0 ? "connection.connecting" : state === "ended" ? "connection.ended" : "connection.waiting";
  return (
    <p class="connection-bar" role="alert">
      {t(words, { time: clockWithSeconds(heardAt) })}
    </p>
  );
}
