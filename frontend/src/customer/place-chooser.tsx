/** Where the food goes: the chosen address, and a way to another one. */
import { useSignal } from "@preact/signals";
import { accountId } from "../app/session";
import { t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { AddressForm } from "./address-form";
import { type Address, addresses, choosePlace, place } from "./place";

export function PlaceChooser() {
  const choosing = useSignal(false);
  if (!accountId.value) return null;
  const at = place.value;
  return (
    <>
      <button class="place" onClick={() => (choosing.value = true)}>
        <Icon name="pin" />
        <span class="quiet">{t("home.deliverTo")}</span>
        <strong>{at ? at.street : t("home.anywhere")}</strong>
      </button>
      {choosing.value && <PlaceDialog onClose={() => (choosing.value = false)} />}
    </>
  );
}

function PlaceDialog({ onClose }: { onClose: () => void }) {
  const known = addresses.value ?? [];
  const adding = useSignal(known.length === 0);
  if (adding.value)
    return (
      <Dialog title={t("address.title")} onClose={onClose}>
        <AddressForm onDone={onClose} />
      </Dialog>
    );
  return (
    <Dialog title={t("address.title")} onClose={onClose}>
      <Places
        known={known}
        onChoose={(address) => {
          choosePlace(address.address_id);
          onClose();
        }}
      />
      <button onClick={() => (adding.value = true)}>
        <Icon name="plus" />
        {t("checkout.addAddress")}
      </button>
    </Dialog>
  );
}

/** Addresses to choose from. */
export function Places({ known, onChoose }: { known: readonly Address[]; onChoose: (address: Address) => void }) {
  return (
    <div class="stack tight" role="radiogroup" aria-label={t("address.title")}>
      {known.map((address) => (
        <label key={address.address_id} class="choice place-choice">
          <input
            type="radio"
            name="place"
            checked={address.address_id === place.value?.address_id}
            onChange={() => onChoose(address)}
          />
          <span>
            <strong>{address.label || address.street}</strong>
            <span class="quiet">
              {" "}
              {address.street}, {address.city}
            </span>
          </span>
        </label>
      ))}
    </div>
  );
}
