/** What nobody may overlook: cut off, without sound, ringing. */
import { live } from "../app/session";
import { clockWithSeconds, t } from "../i18n";
import { Icon } from "../ui/icons";
import { minutesAndSeconds, now } from "../ui/time";
import type { Ticket } from "./board";

/** The board is cut off, and for how long. */
export function Lost() {
  const { heardAt } = live().connection.value;
  const seconds = Math.max(0, Math.floor((now.value - heardAt) / 1000));
  return (
    <div class="lost">
      <Icon name="unplugged" size={40} />
      <div class="grow" role="alert">
        <strong>{t("kitchen.lost")}</strong>
        <p>{t("kitchen.lostSince", { time: clockWithSeconds(heardAt) })}</p>
      </div>
      <span class="lost-for number" aria-hidden="true">
        {minutesAndSeconds(seconds)}
      </span>
    </div>
  );
}

export function Ringing({ waiting, onTouch }: { waiting: Ticket[]; onTouch: () => void }) {
  return (
    <button class="ringing" onClick={onTouch}>
      <Icon name="bell" size={28} />
      {t("kitchen.ringing", { count: waiting.length })}
    </button>
  );
}

/** Says new orders to a screen reader. */
export function Announcer({ waiting }: { waiting: Ticket[] }) {
  const numbers = waiting.map((ticket) => ticket.content.number).join(", ");
  return (
    <p class="visually-hidden" aria-live="assertive">
      {numbers && t("kitchen.announce", { numbers })}
    </p>
  );
}
