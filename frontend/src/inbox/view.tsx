/** The inbox as it is shown in every app: a bell with a count, a list, and a bar for what cannot wait. */
import { useEffect, useRef } from "preact/hooks";
import { day, language, t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icons";
import { announcements, isOpen, markRead, unread } from "./feed";
import { type Announcement, type Shown, wordsOf } from "./inbox";
import "./inbox.css";

const ICONS: Record<Shown["severity"], IconName> = { info: "megaphone", warning: "warning", critical: "warning" };

export function InboxButton() {
  const count = unread.value.length;
  return (
    <button
      class="plain bell"
      aria-label={count > 0 ? t("inbox.unread", { count }) : t("inbox.title")}
      onClick={() => (isOpen.value = true)}
    >
      <Icon name="bell" />
      {count > 0 && <span class="bell-count number">{count}</span>}
    </button>
  );
}

/** What stands above all pages: the bar, and the inbox when it is open. */
export function Inbox() {
  const critical = unread.value.find((one) => one.severity === "critical");
  return (
    <>
      {critical && !isOpen.value && <Bar announcement={critical} />}
      {isOpen.value && <InboxDialog />}
    </>
  );
}

function Bar({ announcement }: { announcement: Announcement }) {
  const { title, lang } = wordsOf(announcement, language.value);
  return (
    <div class="announcement-bar" role="alert">
      <Icon name="warning" />
      <strong class="grow" lang={lang}>
        {title}
      </strong>
      <button onClick={() => (isOpen.value = true)}>{t("inbox.show")}</button>
    </div>
  );
}

function InboxDialog() {
  const listed = announcements.value;
  /** marked as new for as long as this is open, though they count as read from now on */
  const fresh = useRef(new Set<string>());
  const order = useRef<string[]>([]);
  const ids = unread.value.map((one) => one.announcement_id);
  for (const id of ids) fresh.current.add(id);
  useEffect(() => {
    if (ids.length > 0) void markRead(ids);
  }, [ids.join()]);
  if (listed) order.current = stable(order.current, listed);
  const shown = order.current.flatMap((id) => listed?.find((one) => one.announcement_id === id) ?? []);
  return (
    <Dialog title={t("inbox.title")} onClose={() => (isOpen.value = false)}>
      {!listed && <div class="skeleton" role="status" aria-label={t("loading")} />}
      {listed?.length === 0 && (
        <div class="empty">
          <Icon name="bell" size={48} />
          <p>{t("inbox.empty")}</p>
        </div>
      )}
      <ul class="stack inbox">
        {shown.map((one) => (
          <li key={one.announcement_id}>
            <AnnouncementCard announcement={one} isNew={fresh.current.has(one.announcement_id)} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** What is new comes first; nothing that is read moves under a reader's eyes. */
function stable(before: readonly string[], listed: readonly Announcement[]): string[] {
  const now = listed.map((one) => one.announcement_id);
  if (before.length === 0) return now;
  return [...now.filter((id) => !before.includes(id)), ...before.filter((id) => now.includes(id))];
}

export function AnnouncementCard({ announcement, isNew = false }: { announcement: Shown; isNew?: boolean }) {
  const { severity, audience, link, publishes_at } = announcement;
  const { title, body, lang } = wordsOf(announcement, language.value);
  return (
    <article class="announcement" data-severity={severity} data-new={isNew}>
      <Icon name={ICONS[severity]} />
      <div class="grow stack tight">
        <h3 lang={lang}>
          {title}
          {isNew && <span class="new">{t("inbox.new")}</span>}
        </h3>
        {body && (
          <p class="announcement-body" lang={lang}>
            {body}
          </p>
        )}
        {link && <Way link={link} />}
        <p class="quiet small">
          <time dateTime={publishes_at}>{day(publishes_at)}</time>
          {audience.kind !== "everyone" && <> · {t(`audience.${audience.kind}`, { name: audience.name })}</>}
        </p>
      </div>
    </article>
  );
}

function Way({ link }: { link: string }) {
  const isOurs = link.startsWith("/");
  const text = isOurs ? t("inbox.open") : t("inbox.openAt", { host: new URL(link).host });
  return (
    <a class="button" href={link} {...(isOurs ? {} : { target: "_blank", rel: "noopener noreferrer" })}>
      {text}
    </a>
  );
}
