/** Words, numbers, money and times in the reader's language. English is complete by definition; others by type. */
import { signal } from "@preact/signals";
import { en, type Messages } from "./en";

export type Language = "en" | "fi";
export const LANGUAGES: Record<Language, string> = { en: "English", fi: "Suomi" };

const messages = signal<Messages>(en);
const chosen = signal<Language>("en");
const STORED = "tiffin.language";

export const language = {
  get value() {
    return chosen.value;
  },
};

/** Use a language from now on, and the next time. */
export async function speak(wanted: Language): Promise<void> {
  messages.value = wanted === "fi" ? (await import("./fi")).fi : en;
  chosen.value = wanted;
  document.documentElement.lang = wanted;
  localStorage.setItem(STORED, wanted);
}

/** The language of last time, else the browser's, else English. */
export function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag): tag is Language => tag !== null && tag in LANGUAGES) ?? "en";
}

type Key = keyof Messages;
type Values = Record<string, string | number>;

/**
 * The text of a key with `{name}` filled in. A text in two forms is chosen by `{count}`.
 */
export function t(key: Key, values: Values = {}): string {
  const entry = messages.value[key];
  const text = typeof entry === "string" ? entry : entry[plural(Number(values["count"] ?? 0))];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function plural(count: number): "one" | "other" {
  return new Intl.PluralRules(chosen.value).select(count) === "one" ? "one" : "other";
}

/** A key made of a prefix and a name the server gave; the name itself where there are no words for it. */
export function tOr(key: string, fallback: string): string {
  return key in messages.value ? t(key as Key) : fallback;
}

const locale = () =>
  chosen.value === "fi" ? "fi-FI" : (navigator.languages.find((tag) => tag.startsWith("en")) ?? "en-GB");

export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat(locale(), { style: "currency", currency });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export function clock(at: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function clockWithSeconds(at: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(new Date(at));
}

/** How long ago, roughly. */
export function ago(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const format = new Intl.RelativeTimeFormat(locale());
  return seconds < 120 ? format.format(-seconds, "second") : format.format(-Math.round(seconds / 60), "minute");
}

export function day(at: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** Monday 23 November, or "today". */
export function weekday(at: string | number | Date): string {
  const days = (Date.now() - new Date(at).getTime()) / 86_400_000;
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  if (isToday) return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(0, "day");
  const parts: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(locale(), days > 300 ? { ...parts, year: "numeric" } : parts).format(new Date(at));
}

export function distance(meters: number): string {
  const [value, unit] = meters < 1000 ? [Math.round(meters / 10) * 10, "meter"] : [meters / 1000, "kilometer"];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

/** All of these, as one says them. */
export function all(names: readonly string[]): string {
  return new Intl.ListFormat(locale()).format(names);
}
