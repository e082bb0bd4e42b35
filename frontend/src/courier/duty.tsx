/** Going on duty, which needs to know where one is. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import type { Resource } from "../live";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import type { Ringer } from "../ui/ringer";
import { ringAloud } from "../ui/sound";
import { now } from "../ui/time";
import { setDuty, whyNot } from "./actions";
import type { Position } from "./position";
import type { Device } from "./shift";
import type { Standing } from "./standing";

/** Where nothing moves, devices say after a while that they do not know: for so long that is no trouble. */
const KNOWN_MS = 60_000;

interface OffDutyProps {
  me: Resource<Standing>;
  device: Device;
  ringer: Ringer;
}

export function OffDuty({ me, device, ringer }: OffDutyProps) {
  const problem = useSignal("");
  const begin = useAction(
    async () => {
      problem.value = "";
      if (await device.position.ask()) await setDuty(me, true);
    },
    (error) => (problem.value = whyNot(error)),
  );
  return (
    <section class="off-duty stack" aria-label={t("courier.duty")}>
      <p>{t("courier.shares")}</p>
      <LocationTrouble position={device.position} />
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      <button
        class="primary huge go"
        disabled={begin.busy}
        onClick={() => {
          ringAloud(ringer);
          void begin.run();
        }}
      >
        {begin.busy ? t("courier.locating") : t("courier.onDuty")}
      </button>
      <p class="quiet small">{t("courier.startWhy")}</p>
    </section>
  );
}

/** What keeps the courier from being found, and what to do about it. */
export function LocationTrouble({ position }: { position: Position }) {
  const trouble = position.trouble.value;
  const fix = position.fix.value;
  const isKnown = fix !== null && now.value - fix.at < KNOWN_MS;
  if (!trouble || (trouble === "unavailable" && isKnown)) return null;
  return (
    <p class="note bad row" role="alert">
      <Icon name="pin" size={32} />
      <span class="grow">{t(`courier.location.${trouble}`)}</span>
    </p>
  );
}
