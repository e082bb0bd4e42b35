/** The head of the board: who is here, what is sold out, a pause, busy. */
import { type Signal, useSignal } from "@preact/signals";
import { accountId, logOut, profile } from "../app/session";
import { api, ask } from "../app/api";
import { isPaused, type Menu, type Restaurant } from "../app/menu";
import { clock, type Language, LANGUAGES, language, speak, t } from "../i18n";
import type { Resource } from "../live";
import { Dialog } from "../ui/dialog";
import { useAction, useResource } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import { now } from "../ui/time";
import { type Present, presenceOf } from "./presence";
import { SoldOutDialog } from "./sold-out";

type Asking = "soldOut" | "pause" | "busy" | "people" | null;

export function Head({ menu }: { menu: Resource<Menu> }) {
  const asking = useSignal<Asking>(null);
  const close = () => (asking.value = null);
  const { value } = menu.value;
  const presence = useResource(presenceOf(value?.restaurant.id ?? ""));
  if (!value) return null;
  const { restaurant } = value;
  const present = presence.value.value ?? [];
  const paused = isPaused(restaurant, now.value);
  return (
    <header class="head">
      <h1>{restaurant.name}</h1>
      <div class="head-buttons">
        <HeadButton icon="pot" text={t("kitchen.soldOut")} asking={asking} opens="soldOut" />
        <HeadButton icon="pause" text={t("kitchen.pause")} asking={asking} opens="pause" />
        <HeadButton
          icon="clock"
          text={
            restaurant.busy_extra_minutes > 0
              ? t("kitchen.busyBy", { minutes: restaurant.busy_extra_minutes })
              : t("kitchen.busy")
          }
          asking={asking}
          opens="busy"
        />
        <HeadButton
          icon="person"
          text={t("kitchen.people", { count: present.length })}
          asking={asking}
          opens="people"
        />
      </div>
      {paused && <Paused restaurant={restaurant} />}
      {asking.value === "soldOut" && <SoldOutDialog menu={menu} onClose={close} />}
      {asking.value === "pause" && <PauseDialog restaurant={restaurant} onClose={close} />}
      {asking.value === "busy" && <BusyDialog restaurant={restaurant} onClose={close} />}
      {asking.value === "people" && <PeopleDialog present={present} onClose={close} />}
    </header>
  );
}

interface HeadButtonProps {
  icon: IconName;
  text: string;
  asking: Signal<Asking>;
  opens: Asking;
}

function HeadButton({ icon, text, asking, opens }: HeadButtonProps) {
  return (
    <button onClick={() => (asking.value = opens)}>
      <Icon name={icon} />
      {text}
    </button>
  );
}

function pathOf(restaurant: Restaurant) {
  return { params: { path: { restaurant_id: restaurant.id } } };
}

function Paused({ restaurant }: { restaurant: Restaurant }) {
  const resume = useAction(async () => {
    await ask(api.DELETE("/v1/restaurants/{restaurant_id}/pause", pathOf(restaurant)));
  });
  const until = restaurant.paused_indefinitely ? null : restaurant.paused_until;
  return (
    <p class="note paused row" role="status">
      <strong class="grow">{until ? t("kitchen.pausedUntil", { time: clock(until) }) : t("kitchen.paused")}</strong>
      <button class="primary" disabled={resume.busy} onClick={() => void resume.run()}>
        {t("kitchen.resume")}
      </button>
    </p>
  );
}

const PAUSES = [15, 30, 60, null];

function PauseDialog({ restaurant, onClose }: { restaurant: Restaurant; onClose: () => void }) {
  const pause = useAction(async (minutes: number | null) => {
    await ask(api.PUT("/v1/restaurants/{restaurant_id}/pause", { ...pathOf(restaurant), body: { minutes } }));
    onClose();
  });
  return (
    <Dialog title={t("kitchen.pause")} onClose={onClose}>
      <p>{t("kitchen.pauseWhat")}</p>
      {PAUSES.map((minutes) => (
        <button key={minutes} disabled={pause.busy} onClick={() => void pause.run(minutes)}>
          {minutes === null ? t("kitchen.untilLifted") : t("ticket.minutes", { minutes })}
        </button>
      ))}
    </Dialog>
  );
}

const EXTRAS = [0, 10, 20, 30];

function BusyDialog({ restaurant, onClose }: { restaurant: Restaurant; onClose: () => void }) {
  const set = useAction(async (extra_minutes: number) => {
    await ask(api.PUT("/v1/restaurants/{restaurant_id}/busy", { ...pathOf(restaurant), body: { extra_minutes } }));
    onClose();
  });
  return (
    <Dialog title={t("kitchen.busy")} onClose={onClose}>
      <p>{t("kitchen.busyWhat")}</p>
      {EXTRAS.map((minutes) => (
        <button
          key={minutes}
          aria-pressed={minutes === restaurant.busy_extra_minutes}
          disabled={set.busy}
          onClick={() => void set.run(minutes)}
        >
          {minutes === 0 ? t("kitchen.notBusy") : t("kitchen.busyBy", { minutes })}
        </button>
      ))}
    </Dialog>
  );
}

function PeopleDialog({ present, onClose }: { present: readonly Present[]; onClose: () => void }) {
  const leave = useAction(logOut);
  const alone = present.every((one) => one.account_id === accountId.value);
  return (
    <Dialog title={t("kitchen.who")} onClose={onClose}>
      {alone && <p class="note">{t("kitchen.onlyYou")}</p>}
      <ul class="stack tight">
        {present.map((one, at) => (
          <li key={at} class="row">
            <span class="dot on" />
            <span class="grow">
              <strong>{one.name}</strong> <span class="quiet small block">{one.device}</span>
            </span>
            <span class="quiet small">{t("kitchen.since", { time: clock(one.since) })}</span>
          </li>
        ))}
      </ul>
      <label class="field">
        {t("language.label")}
        <select value={language.value} onChange={(event) => void speak(event.currentTarget.value as Language)}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button onClick={() => void leave.run()}>
        {t("session.logOut")} ({profile.value?.name})
      </button>
    </Dialog>
  );
}
