/** Somebody's inbox, and what happens to it. No I/O. */
import type { Schemas } from "../app/api";
import type { Language } from "../i18n";
import type { LiveEvent } from "../live";

export type Announcement = Schemas["InboxAnnouncement"];
/** What readers and administrators alike are shown of an announcement. */
export type Shown = Pick<Announcement, "severity" | "texts" | "link" | "audience" | "publishes_at">;

/** Events after which the caller may belong to other audiences. */
const MOVING = /^(role|membership|address)\./;

export function mayMove(event: LiveEvent): boolean {
  return MOVING.test(event.type);
}

export function applyToInbox(inbox: readonly Announcement[], event: LiveEvent): readonly Announcement[] {
  switch (event.type) {
    case "announcement.published": {
      const { announcement } = event.data;
      return [{ ...announcement, read_at: null }, ...without(inbox, announcement.announcement_id)];
    }
    case "announcement.changed": {
      const { announcement } = event.data;
      const isIt = (one: Announcement) => one.announcement_id === announcement.announcement_id;
      return inbox.map((one) => (isIt(one) ? { ...one, ...announcement } : one));
    }
    case "announcement.withdrawn":
    case "announcement.expired":
      return without(inbox, event.data.announcement_id);
    case "announcements.read":
      return withRead(inbox, event.data.announcement_ids, event.data.read_at);
    default:
      return inbox;
  }
}

export function withRead(inbox: readonly Announcement[], ids: readonly string[], at: string): readonly Announcement[] {
  const read = new Set(ids);
  return inbox.map((one) => (one.read_at === null && read.has(one.announcement_id) ? { ...one, read_at: at } : one));
}

function without(inbox: readonly Announcement[], id: string): Announcement[] {
  return inbox.filter((one) => one.announcement_id !== id);
}

/** Unread first, then the newest first. */
export function inOrder(inbox: readonly Announcement[]): Announcement[] {
  const rank = (one: Announcement) => (one.read_at === null ? 0 : 1);
  return inbox.toSorted(
    (one, other) => rank(one) - rank(other) || Date.parse(other.publishes_at) - Date.parse(one.publishes_at),
  );
}

/** What it says, in the reader's language where it does, and which language that is. */
export function wordsOf(
  { texts }: Pick<Shown, "texts">,
  language: Language,
): { title: string; body: string; lang: Language } {
  const other = language === "en" ? "fi" : "en";
  const wanted = texts[language];
  if (wanted) return { ...wanted, lang: language };
  return { title: texts[other]?.title ?? "", body: texts[other]?.body ?? "", lang: other };
}
