/** What a person does about sound: browsers keep a page silent until it is touched. */
import { t } from "../i18n";
import { Icon } from "./icons";
import type { Ringer } from "./ringer";

/** Nothing is heard: a large button that changes it. */
export function Muted({ ringer, text }: { ringer: Ringer; text: string }) {
  return (
    <button class="muted" onClick={() => ringAloud(ringer)}>
      <Icon name="mute" size={28} />
      {text}
    </button>
  );
}

export function SoundTest({ ringer, plain = false }: { ringer: Ringer; plain?: boolean }) {
  return (
    <button class={plain ? "plain" : ""} onClick={() => ringAloud(ringer)}>
      <Icon name="sound" />
      {t("device.testSound")}
    </button>
  );
}

/** From a touch: unlock the sound, and let it be heard. */
export function ringAloud(ringer: Ringer): void {
  void ringer.unlock().then(() => ringer.test());
}
