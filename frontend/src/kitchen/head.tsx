/** The head of the board: what is sold out, a pause, busy, who is here. */
import { type Signal, useSignal } from "@preact/signals";
import { isPaused, type Menu } from "../app/menu";
import { t } from "../i18n";
import { InboxButton } from "../inbox/view";
import type { Resource } from "../live";
import { DeviceDialog } from "../ui/device-dialog";
import { useResource } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import type { Ringer } from "../ui/ringer";
import { now } from "../ui/time";
import { PeopleDialog } from "./people";
import { presenceOf } from "./presence";
import { SoldOutDialog } from "./sold-out";
import { BusyDialog, PauseDialog, Paused } from "./switches";

type Asking = "soldOut" | "pause" | "busy" | "people" | "settings" | null;

export function Head({ id, menu, ringer }: { id: string; menu: Resource<Menu>; ringer: Ringer }) {
  const asking = useSignal<Asking>(null);
  const close = () => (asking.value = null);
  const presence = useResource(presenceOf(id));
  const { value } = menu.value;
  if (!value) return null;
  const { restaurant } = value;
  const present = presence.value.value ?? [];
  const extra = restaurant.busy_extra_minutes;
  const people = present.length > 1 ? t("kitchen.people", { count: present.length }) : t("kitchen.alone");
  return (
    <header class="head">
      <h1>{restaurant.name}</h1>
      <div class="head-buttons">
        <HeadButton icon="pot" text={t("kitchen.soldOut")} asking={asking} opens="soldOut" />
        <HeadButton icon="pause" text={t("kitchen.pause")} asking={asking} opens="pause" />
        <HeadButton
          icon="clock"
          text={extra > 0 ? t("kitchen.busyBy", { minutes: extra }) : t("kitchen.busy")}
          on={extra > 0}
          asking={asking}
          opens="busy"
        />
        <HeadButton icon="person" text={people} asking={asking} opens="people" />
        <HeadButton icon="sliders" text={t("device.title")} asking={asking} opens="settings" />
        <InboxButton />
      </div>
      {isPaused(restaurant, now.value) && <Paused menu={menu} restaurant={restaurant} />}
      {asking.value === "soldOut" && <SoldOutDialog menu={menu} onClose={close} />}
      {asking.value === "pause" && <PauseDialog menu={menu} onClose={close} />}
      {asking.value === "busy" && <BusyDialog menu={menu} restaurant={restaurant} onClose={close} />}
      {asking.value === "people" && <PeopleDialog present={present} onClose={close} />}
      {asking.value === "settings" && (
        <DeviceDialog ringer={ringer} onClose={close}>
          <a class="button" href={`/kitchen/${id}/pictures`}>
            {t("image.title")}
          </a>
          <a class="button" href="/kitchen?choose">
            {t("kitchen.another")}
          </a>
        </DeviceDialog>
      )}
    </header>
  );
}

interface HeadButtonProps {
  icon: IconName;
  text: string;
  /** set: what it opens is in force */
  on?: boolean;
  asking: Signal<Asking>;
  opens: Asking;
}

function HeadButton({ icon, text, on = false, asking, opens }: HeadButtonProps) {
  return (
    <button class="head-button" data-on={on} onClick={() => (asking.value = opens)}>
      <Icon name={icon} />
      {text}
    </button>
  );
}
