/** An announcement while somebody writes it, as a form holds it. No I/O. */
import type { Schemas } from "../app/api";
import type { Shown } from "../inbox/inbox";

export type Draft = Schemas["AnnouncementDraftView"];
export type Body = Schemas["AnnouncementBody"];
export type AudienceKind = Schemas["AudienceKind"];
export type Severity = Schemas["Severity"];

export const KINDS: readonly AudienceKind[] = [
  "everyone",
  "customers",
  "couriers",
  "restaurants",
  "restaurant",
  "city",
  "agents",
  "admins",
];
export const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

/** Times as `<input type="datetime-local">` has them, in the writer's time zone; empty where there is none. */
export interface Form {
  kind: AudienceKind;
  city: string;
  restaurantId: string;
  severity: Severity;
  en: { title: string; body: string };
  fi: { title: string; body: string };
  link: string;
  publishesAt: string;
  expiresAt: string;
}

export const EMPTY: Form = {
  kind: "everyone",
  city: "",
  restaurantId: "",
  severity: "info",
  en: { title: "", body: "" },
  fi: { title: "", body: "" },
  link: "",
  publishesAt: "",
  expiresAt: "",
};

/** Of an announcement that is not told when to end. */
const LONGEST_MS = 90 * 86_400_000;

function hasOwnExpiry({ publishes_at, expires_at }: Draft): boolean {
  return Date.parse(expires_at) - Date.parse(publishes_at) !== LONGEST_MS;
}

export function formOf(draft: Draft): Form {
  const { audience, texts } = draft;
  const words = (text: { title: string; body?: string } | null | undefined) => ({
    title: text?.title ?? "",
    body: text?.body ?? "",
  });
  return {
    kind: audience.kind,
    city: audience.kind === "city" ? audience.name : "",
    restaurantId: audience.restaurant_id ?? "",
    severity: draft.severity,
    en: words(texts.en),
    fi: words(texts.fi),
    link: draft.link ?? "",
    publishesAt: toLocal(draft.publishes_at),
    expiresAt: hasOwnExpiry(draft) ? toLocal(draft.expires_at) : "",
  };
}

/** What to send. `before`: what is being rewritten, whose times stay to the second where nobody touched them. */
export function bodyOf(form: Form, before: Draft | null): Body {
  const at = (written: string, kept: string | undefined) =>
    kept !== undefined && written === toLocal(kept) ? kept : fromLocal(written);
  return {
    audience: audienceOf(form),
    severity: form.severity,
    texts: textsOf(form),
    link: form.link.trim() || null,
    publishes_at: at(form.publishesAt, before?.publishes_at),
    expires_at: at(form.expiresAt, before?.expires_at),
  };
}

export function audienceOf({ kind, city, restaurantId }: Form): Body["audience"] {
  if (kind === "city") return { kind, city: city.trim() };
  return kind === "restaurant" ? { kind, restaurant_id: restaurantId } : { kind };
}

/** True as soon as the audience is said completely. */
export function hasAudience({ kind, city, restaurantId }: Form): boolean {
  return (kind !== "city" || city.trim() !== "") && (kind !== "restaurant" || restaurantId !== "");
}

export function hasWords({ en, fi }: Form): boolean {
  return en.title.trim() !== "" || fi.title.trim() !== "";
}

export function isComplete(form: Form): boolean {
  return hasWords(form) && hasAudience(form);
}

function textsOf({ en, fi }: Form): Body["texts"] {
  return { ...(en.title.trim() && { en }), ...(fi.title.trim() && { fi }) };
}

/** The announcement as its readers will see it in one language; null where nothing is written in it. */
export function previewOf(form: Form, language: "en" | "fi", name: string, now: Date): Shown | null {
  if (!form[language].title.trim()) return null;
  return {
    severity: form.severity,
    texts: { [language]: form[language] },
    link: /^(https?:\/\/[^/]+|\/)/.test(form.link.trim()) ? form.link.trim() : null,
    audience: { kind: form.kind, name, restaurant_id: form.restaurantId || null },
    publishes_at: fromLocal(form.publishesAt) ?? now.toISOString(),
  };
}

/** `2026-06-01T18:00` in this browser's time zone. */
export function toLocal(at: string): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The moment that is meant, in UTC; null for nothing. */
export function fromLocal(written: string): string | null {
  const at = new Date(written);
  return written === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

export function applyToDesk(drafts: readonly Draft[], changed: Draft): readonly Draft[] {
  const isIt = (one: Draft) => one.announcement_id === changed.announcement_id;
  return drafts.some(isIt) ? drafts.map((one) => (isIt(one) ? changed : one)) : [changed, ...drafts];
}
