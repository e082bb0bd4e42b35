/**
 * The inbox of whoever uses this browser, kept true: a snapshot that names the topics of all their audiences, and what
 * happens on these since.
 */
import { computed, effect, signal } from "@preact/signals";
import { api, ask, Problem } from "../app/api";
import { accountId, live } from "../app/session";
import { language } from "../i18n";
import type { Following, LiveEvent } from "../live";
import { Backoff } from "../live/backoff";
import type { Follower } from "../live/following";
import { isReset, type Sync } from "../live/protocol";
import { toast } from "../ui/toast";
import { type Announcement, applyToInbox, inOrder, mayMove, withRead, wordsOf } from "./inbox";

/** Where a browser that nobody is logged in on keeps what was read. */
const READ = "tiffin.inbox.read";
const KEPT = 200;

const inbox = signal<readonly Announcement[] | undefined>(undefined);
export const isOpen = signal(false);
export const announcements = computed(() => inbox.value && inOrder(inbox.value));
export const unread = computed(() => inbox.value?.filter((one) => one.read_at === null) ?? []);

const followings = new Map<string, Following>();
const backoff = new Backoff();
let timer: ReturnType<typeof setTimeout> | undefined;
/** counts the questions: only the newest one's answer is taken */
let asked = 0;

const follower: Follower = { sync: synced, event: arrived };

/** Follow what is announced to whoever is logged in, or to everyone. Call once, after `begin`. */
export function followAnnouncements(): void {
  effect(() => {
    if (accountId.value === undefined) return;
    forget();
    void load();
  });
}

function forget(): void {
  for (const following of followings.values()) following.stop();
  followings.clear();
  inbox.value = undefined;
}

async function load(): Promise<void> {
  clearTimeout(timer);
  const question = ++asked;
  try {
    const { positions, announcements } = await ask(api.GET("/v1/announcements"));
    if (question !== asked) return;
    backoff.worked();
    inbox.value = accountId.peek() ? announcements : withRead(announcements, readHere(), new Date().toISOString());
    follow(positions);
  } catch (error) {
    if (question !== asked) return;
    // who is not logged in any more is told so by everything else
    if (!(error instanceof Problem && error.status === 401)) loadLater();
  }
}

function loadLater(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void load(), backoff.next());
}

function follow(positions: Record<string, string>): void {
  for (const [topic, following] of followings) {
    if (topic in positions) continue;
    following.stop();
    followings.delete(topic);
  }
  for (const [topic, position] of Object.entries(positions)) {
    const known = followings.get(topic);
    if (known) known.from(position);
    else followings.set(topic, live().follow(topic, position, follower));
  }
}

function synced(sync: Sync): void {
  if (sync.ok) return;
  if (isReset(sync.reason)) void load();
  else loadLater(); // a right was lost; what is still there says the next snapshot
}

function arrived(event: LiveEvent): void {
  if (mayMove(event)) return void load();
  if (!inbox.peek()) return;
  inbox.value = applyToInbox(inbox.peek() ?? [], event);
  if (event.type !== "announcement.published" || isOpen.peek()) return;
  const { title } = wordsOf(event.data.announcement, language.value);
  toast(title, () => (isOpen.value = true));
}

/** The person has seen these: here at once, on their other devices in a moment. */
export async function markRead(ids: readonly string[]): Promise<void> {
  inbox.value = withRead(inbox.peek() ?? [], ids, new Date().toISOString());
  if (!accountId.peek()) {
    localStorage.setItem(READ, JSON.stringify([...ids, ...readHere()].slice(0, KEPT)));
    return;
  }
  try {
    await ask(api.POST("/v1/announcements/read", { body: { announcement_ids: [...ids] } }));
  } catch {
    loadLater(); // they are unread again, and will be marked when they are looked at again
  }
}

function readHere(): string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(READ) ?? "[]");
    return Array.isArray(ids) ? ids.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
