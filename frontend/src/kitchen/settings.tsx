import { logOut, profile } from "../app/session";
import { type Language, LANGUAGES, language, speak, t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import type { Ringer } from "./ringer";

/** This device: its sound, its language, who uses it and for which restaurant. */
export function SettingsDialog({ ringer, onClose }: { ringer: Ringer; onClose: () => void }) {
  const leave = useAction(logOut);
  return (
    <Dialog title={t("kitchen.settings")} onClose={onClose}>
      <button onClick={() => void ringer.unlock().then(() => ringer.test())}>
        <Icon name="sound" />
        {t("kitchen.testSound")}
      </button>
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
      <a class="button" href="/kitchen?choose">
        {t("kitchen.another")}
      </a>
      <button disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")} ({profile.value?.name})
      </button>
    </Dialog>
  );
}
