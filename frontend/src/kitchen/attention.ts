/** How the board calls: by sound, in the tab's title and on its icon. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import type { Ticket } from "./board";
import type { Ringer } from "./ringer";

/** A board that is not connected for this long says so with a sound, too. */
const ALARM_AFTER_MS = 15_000;

/** Rings for tickets nobody has seen, and sounds an alarm when the board has been cut off for a while. */
export function useSound(ringer: Ringer, waiting: readonly Ticket[], disconnected: boolean): void {
  const loudness = waiting.length > 0 ? Math.max(...waiting.map((ticket) => ticket.status.loudness)) : null;
  useEffect(() => ringer.ring(loudness), [loudness]);
  useEffect(() => {
    if (!disconnected) return;
    const timer = setTimeout(() => ringer.alarm(true), ALARM_AFTER_MS);
    return () => {
      clearTimeout(timer);
      ringer.alarm(false);
    };
  }, [disconnected]);
  useUnlocking(ringer);
}

/** Any touch lets the browser sound again, after a reload or where it has taken the sound back. */
function useUnlocking(ringer: Ringer): void {
  useEffect(() => {
    const unlock = () => {
      if (!ringer.audible.peek()) void ringer.unlock();
    };
    unlock(); // a browser that was set up for it needs no touch
    window.addEventListener("pointerdown", unlock);
    window.addEventListener("keydown", unlock);
    return () => {
      window.removeEventListener("pointerdown", unlock);
      window.removeEventListener("keydown", unlock);
    };
  }, []);
}

/** How many wait, and whether it is connected, for whoever sees only the tab. */
export function useTab(name: string, waiting: number, disconnected: boolean): void {
  const before = disconnected ? `${t("kitchen.offTitle")} · ` : waiting > 0 ? `(${waiting}) ` : "";
  useEffect(() => {
    document.title = `${before}${name} · ${t("kitchen.title")}`;
    const mark = disconnected ? "!" : waiting > 0 ? String(Math.min(waiting, 99)) : "";
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (icon) icon.href = mark ? drawn(mark) : "/icon.svg";
  }, [before, name]);
}

function drawn(mark: string): string {
  const text = `<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="#fff">${mark}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#b3161c"/>${text}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
