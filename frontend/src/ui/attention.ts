/** How an app calls: by sound, in the tab's title and on its icon. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import type { Ringer } from "./ringer";

/** Rings this loud (0 to 3); null: be quiet. */
export function useBell(ringer: Ringer, loudness: number | null): void {
  useEffect(() => ringer.ring(loudness), [loudness]);
  useEffect(() => unlockByTouch(ringer), []);
}

/** Any touch lets the browser sound again, after a reload or where it has taken the sound back. */
function unlockByTouch(ringer: Ringer): () => void {
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
}

/** How many wait, and whether it is connected, for whoever sees only the tab. */
export function useTab(title: string, waiting: number, disconnected: boolean): void {
  const before = disconnected ? `${t("connection.off")} · ` : waiting > 0 ? `(${waiting}) ` : "";
  useEffect(() => {
    document.title = `${before}${title}`;
    const mark = disconnected ? "!" : waiting > 0 ? String(Math.min(waiting, 99)) : "";
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (icon) icon.href = mark ? drawn(mark) : "/icon.svg";
  }, [before, title]);
}

function drawn(mark: string): string {
  const text = `<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="#fff">${mark}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#b3161c"/>${text}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
