/** The head of the page: is it connected, who sees the courier now, and the way off duty. */
import { useSignal } from "@preact/signals";
import { live } from "../app/session";
import { all, clockWithSeconds, t } from "../i18n";
import { InboxButton } from "../inbox/view";
import type { Resource } from "../live";
import { DeviceDialog } from "../ui/device-dialog";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import type { Ringer } from "../ui/ringer";
import { toast } from "../ui/toast";
import { setDuty, whyNot } from "./actions";
import type { Standing } from "./standing";

interface HeadProps {
  me: Resource<Standing>;
  standing: Standing;
  ringer: Ringer;
  disconnected: boolean;
}

export function Head({ me, standing, ringer, disconnected }: HeadProps) {
  const asking = useSignal(false);
  const end = useAction(
    () => setDuty(me, false),
    (error) => toast(whyNot(error)),
  );
  return (
    <header class="head">
      <h1 class="visually-hidden">{t("courier.title")}</h1>
      {disconnected && <Lost />}
      <div class="row">
        <p class="live grow">
          <span class={disconnected ? "dot" : "dot on"} /> {t(disconnected ? "connection.off" : "connection.live")}
        </p>
        {standing.onDutySince !== null && (
          <button disabled={end.busy} onClick={() => void end.run()}>
            {t("courier.offDuty")}
          </button>
        )}
        <InboxButton />
        <button class="plain" aria-label={t("device.title")} onClick={() => (asking.value = true)}>
          <Icon name="sliders" />
        </button>
      </div>
      <Seen standing={standing} />
      {asking.value && <DeviceDialog ringer={ringer} onClose={() => (asking.value = false)} />}
    </header>
  );
}

function Lost() {
  const { state, heardAt } = live().connection.value;
  const words = state === "ended" ? "connection.ended" : "connection.waiting";
  return (
    <p class="lost" role="alert">
      {t(words, { time: clockWithSeconds(heardAt) })}
    </p>
  );
}

/** Who sees where this courier is. It goes by what the server knows, not by what is wanted. */
function Seen({ standing }: { standing: Standing }) {
  const names = standing.assignments.filter((one) => one.state === "on_board").map((one) => one.customer_name);
  const sees = names.length > 0 ? "customers" : standing.onDutySince !== null ? "dispatch" : "nobody";
  return (
    <p class="seen" data-sees={sees} role="status">
      <Icon name="pin" />
      {t(`courier.sees.${sees}`, { count: names.length, names: all(names) })}
    </p>
  );
}
