import type { ComponentChildren } from "preact";
import { logOut, profile } from "../app/session";
import { type Language, LANGUAGES, language, speak, t } from "../i18n";
import { Dialog } from "./dialog";
import { useAction } from "./hooks";
import type { Ringer } from "./ringer";
import { SoundTest } from "./sound";

interface DeviceDialogProps {
  ringer: Ringer;
  onClose: () => void;
  /** what the app has to add */
  children?: ComponentChildren;
}

/** This device: its sound, its language, who uses it. */
export function DeviceDialog({ ringer, onClose, children }: DeviceDialogProps) {
  const leave = useAction(logOut);
  return (
    <Dialog title={t("device.title")} onClose={onClose}>
      <SoundTest ringer={ringer} />
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
      {children}
      <button disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")} ({profile.value?.name})
      </button>
    </Dialog>
  );
}
