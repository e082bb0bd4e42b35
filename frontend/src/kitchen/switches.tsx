/** Pause and busy: in force here at once, on every device within a second, taken back where the server says no. */
import { api, ask } from "../app/api";
import type { Menu, Restaurant } from "../app/menu";
import { clock, t } from "../i18n";
import type { Resource } from "../live";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";

interface SwitchProps {
  menu: Resource<Menu>;
  onClose: () => void;
}

const PAUSES = [15, 30, 60, null];
const EXTRAS = [0, 10, 20, 30];

/** Show a change of the restaurant at once, and what was before if it is refused. */
async function change(
  menu: Resource<Menu>,
  wanted: Partial<Restaurant>,
  send: (path: { params: { path: { restaurant_id: string } } }) => Promise<Restaurant>,
): Promise<void> {
  const before = menu.value.peek()?.restaurant;
  if (!before) return;
  // an event may have brought a newer version meanwhile
  const put = (now: Partial<Restaurant>) =>
    menu.patch((state) =>
      state.restaurant.version > (now.version ?? before.version)
        ? state
        : { ...state, restaurant: { ...state.restaurant, ...now } },
    );
  put(wanted);
  try {
    put(await send({ params: { path: { restaurant_id: before.id } } }));
  } catch (error) {
    put(before);
    throw error;
  }
}

export function Paused({ menu, restaurant }: { menu: Resource<Menu>; restaurant: Restaurant }) {
  const resume = useAction(() =>
    change(menu, { paused_until: null, paused_indefinitely: false }, (path) =>
      ask(api.DELETE("/v1/restaurants/{restaurant_id}/pause", path)),
    ),
  );
  const until = restaurant.paused_indefinitely ? null : restaurant.paused_until;
  return (
    <div class="note paused row" role="status">
      <strong class="grow">{until ? t("kitchen.pausedUntil", { time: clock(until) }) : t("kitchen.paused")}</strong>
      <button class="primary" onClick={() => void resume.run()}>
        {t("kitchen.resume")}
      </button>
    </div>
  );
}

export function PauseDialog({ menu, onClose }: SwitchProps) {
  const pause = useAction(async (minutes: number | null) => {
    onClose();
    const paused_until = minutes === null ? null : new Date(Date.now() + minutes * 60_000).toISOString();
    await change(menu, { paused_until, paused_indefinitely: minutes === null }, (path) =>
      ask(api.PUT("/v1/restaurants/{restaurant_id}/pause", { ...path, body: { minutes } })),
    );
  });
  return (
    <Dialog title={t("kitchen.pause")} onClose={onClose}>
      <p>{t("kitchen.pauseWhat")}</p>
      <div class="minutes">
        {PAUSES.map((minutes) => (
          <button key={minutes} class="huge" onClick={() => void pause.run(minutes)}>
            {minutes === null ? t("kitchen.untilLifted") : t("ticket.minutes", { minutes })}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

export function BusyDialog({ menu, restaurant, onClose }: SwitchProps & { restaurant: Restaurant }) {
  const set = useAction(async (extra_minutes: number) => {
    onClose();
    await change(menu, { busy_extra_minutes: extra_minutes }, (path) =>
      ask(api.PUT("/v1/restaurants/{restaurant_id}/busy", { ...path, body: { extra_minutes } })),
    );
  });
  return (
    <Dialog title={t("kitchen.busy")} onClose={onClose}>
      <p>{t("kitchen.busyWhat")}</p>
      <div class="minutes">
        {EXTRAS.map((minutes) => (
          <button
            key={minutes}
            class="huge"
            aria-pressed={minutes === restaurant.busy_extra_minutes}
            onClick={() => void set.run(minutes)}
          >
            {minutes === 0 ? t("kitchen.notBusy") : t("kitchen.more", { minutes })}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
