/** The account: profile, addresses, devices, password. All of it stays true while other devices change it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, Problem } from "../../app/api";
import { accountId, changeProfile, logOut, profile } from "../../app/session";
import { language, type Language, LANGUAGES, speak, t } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { sentence, useAction } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { LogIn } from "../../ui/log-in";
import { toast } from "../../ui/toast";
import { AddressForm } from "../address-form";
import { addresses, removeAddress } from "../place";
import { Devices } from "./devices";

export function AccountPage() {
  useEffect(() => void (document.title = `${t("account.title")} · Tiffin`), []);
  return (
    <main id="content" class="stack narrow">
      <h1>{t("account.title")}</h1>
      {accountId.value ? (
        <>
          <Profile />
          <Addresses />
          <Devices />
          <Password />
          <LogOut />
        </>
      ) : (
        <LogIn mayRegister />
      )}
      <LanguageChooser />
    </main>
  );
}

function Profile() {
  const { value } = profile;
  const save = useAction(async (form: HTMLFormElement) => {
    const read = new FormData(form);
    await changeProfile({ name: read.get("name") as string, phone: read.get("phone") as string });
    toast(t("account.saved"));
  });
  if (!value) return <div class="skeleton" role="status" aria-label={t("loading")} />;
  return (
    <form
      class="card"
      // what another device has changed replaces what stands in the fields
      key={value.version}
      aria-label={t("account.profile")}
      onSubmit={(event) => {
        event.preventDefault();
        void save.run(event.currentTarget);
      }}
    >
      <h2>{t("account.profile")}</h2>
      <p class="quiet">{value.email}</p>
      <label class="field">
        {t("account.name")}
        <input name="name" required maxLength={100} autocomplete="name" defaultValue={value.name} />
      </label>
      <label class="field">
        {t("account.phone")}
        <input name="phone" type="tel" maxLength={32} autocomplete="tel" defaultValue={value.phone} />
      </label>
      <button class="primary" disabled={save.busy}>
        {t("action.save")}
      </button>
    </form>
  );
}

function Addresses() {
  const adding = useSignal(false);
  const remove = useAction(removeAddress);
  const known = addresses.value ?? [];
  return (
    <section class="card" aria-label={t("account.addresses")}>
      <h2>{t("account.addresses")}</h2>
      {known.length === 0 && <p class="quiet">{t("account.noAddresses")}</p>}
      <ul class="stack tight">
        {known.map((address) => (
          <li key={address.address_id} class="row">
            <span class="grow">
              <strong>{address.label || address.street}</strong>
              <span class="quiet small block">
                {address.street}, {address.postal_code} {address.city}
              </span>
            </span>
            <button
              class="plain"
              aria-label={t("address.remove", { name: address.label || address.street })}
              disabled={remove.busy}
              onClick={() => void remove.run(address.address_id)}
            >
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
      <button onClick={() => (adding.value = true)}>
        <Icon name="plus" />
        {t("account.addAddress")}
      </button>
      {adding.value && (
        <Dialog title={t("address.title")} onClose={() => (adding.value = false)}>
          <AddressForm onDone={() => (adding.value = false)} />
        </Dialog>
      )}
    </section>
  );
}

function Password() {
  const problem = useSignal("");
  const change = useAction(
    async (form: HTMLFormElement) => {
      problem.value = "";
      const read = new FormData(form);
      const body = { current_password: read.get("current") as string, new_password: read.get("new") as string };
      await ask(api.POST("/v1/profile/password", { body }));
      form.reset();
      toast(t("account.passwordChanged"));
    },
    (error) => {
      const wrong = error instanceof Problem && error.code === "wrong_password";
      problem.value = wrong ? t("account.wrongPassword") : sentence(error);
    },
  );
  return (
    <form
      class="card"
      aria-label={t("account.password")}
      onSubmit={(event) => {
        event.preventDefault();
        void change.run(event.currentTarget);
      }}
    >
      <h2>{t("account.password")}</h2>
      <input name="username" type="email" autocomplete="username" value={profile.value?.email} hidden readOnly />
      <label class="field">
        {t("account.currentPassword")}
        <input name="current" type="password" required maxLength={256} autocomplete="current-password" />
      </label>
      <label class="field">
        {t("account.newPassword")}
        <input name="new" type="password" required minLength={8} maxLength={256} autocomplete="new-password" />
        <span class="hint">{t("session.passwordHint")}</span>
      </label>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      <button disabled={change.busy}>{t("account.changePassword")}</button>
    </form>
  );
}

function LogOut() {
  const leave = useAction(logOut);
  return (
    <button disabled={leave.busy} onClick={() => void leave.run()}>
      {t("session.logOut")}
    </button>
  );
}

function LanguageChooser() {
  return (
    <label class="field">
      {t("language.label")}
      <select
        value={language.value}
        onChange={(event) => {
          const wanted = event.currentTarget.value as Language;
          void speak(wanted);
          if (accountId.value)
            void changeProfile({ language: wanted }).catch((error: unknown) => toast(sentence(error)));
        }}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
