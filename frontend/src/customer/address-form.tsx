/** A new address, with a pin on the map for the door. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { CityMap } from "../map/city-map";
import { useAction } from "../ui/hooks";
import { addAddress, place } from "./place";

/** Rautatientori, where the demo city has its middle; the pin starts there where no address is known. */
const MIDDLE = { latitude: 60.1712, longitude: 24.944 };

export function AddressForm({ onDone }: { onDone: () => void }) {
  const known = place.value;
  const pin = useSignal(known ? { latitude: known.latitude, longitude: known.longitude } : MIDDLE);
  const save = useAction(async (form: HTMLFormElement) => {
    const read = new FormData(form);
    const text = (name: string) => read.get(name) as string;
    await addAddress({
      label: text("label"),
      street: text("street"),
      city: text("city"),
      postal_code: text("postal_code"),
      note: text("note"),
      ...pin.value,
    });
    onDone();
  });
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run(event.currentTarget);
      }}
    >
      <label class="field">
        {t("address.street")}
        <input name="street" required maxLength={200} autocomplete="address-line1" />
      </label>
      <div class="pair">
        <label class="field">
          {t("address.postalCode")}
          <input name="postal_code" maxLength={20} autocomplete="postal-code" />
        </label>
        <label class="field">
          {t("address.city")}
          <input name="city" required maxLength={100} defaultValue={known?.city ?? ""} autocomplete="address-level2" />
        </label>
      </div>
      <div class="pair">
        <label class="field">
          {t("address.label")}
          <input name="label" maxLength={60} />
        </label>
        <label class="field">
          {t("address.note")}
          <input name="note" maxLength={500} />
        </label>
      </div>
      <p class="quiet small">{t("address.pin")}</p>
      <div class="pin-map">
        <CityMap
          markers={[{ id: "pin", kind: "home", label: t("map.home"), ...pin.value }]}
          onPick={(point) => (pin.value = point)}
        />
      </div>
      <button class="primary wide" disabled={save.busy}>
        {t("address.save")}
      </button>
    </form>
  );
}
