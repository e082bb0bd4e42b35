import { clock, t } from "../i18n";
import { Dialog } from "../ui/dialog";
import type { Present } from "./presence";

/** Who is connected: each device on which orders ring. */
export function PeopleDialog({ present, onClose }: { present: readonly Present[]; onClose: () => void }) {
  return (
    <Dialog title={t("kitchen.who")} onClose={onClose}>
      {present.length <= 1 && <p class="note">{t("kitchen.onlyYou")}</p>}
      <ul class="stack">
        {present.map((one) => (
          <li key={`${one.account_id} ${one.since}`} class="row">
            <span class="dot on" />
            <span class="grow">
              <strong>{one.name}</strong> <span class="quiet small block">{one.device}</span>
            </span>
            <span class="quiet small">{t("kitchen.since", { time: clock(one.since) })}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
