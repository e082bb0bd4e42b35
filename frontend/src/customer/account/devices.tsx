/** Where the account is logged in: a device that is logged out here is logged out there within a second. */
import { useSignal } from "@preact/signals";
import { api, ask, loadable } from "../../app/api";
import { accountId, type Device } from "../../app/session";
import { day, t } from "../../i18n";
import type { LiveEvent } from "../../live";
import { Dialog } from "../../ui/dialog";
import { useAction, useResource } from "../../ui/hooks";
import { Icon } from "../../ui/icons";

export function Devices() {
  const devices = useResource<Device[]>({
    topic: `user.${accountId.value ?? ""}`,
    // the position first: what happens between the two is in the list, and once more in the events
    load: async () => {
      const { position } = await loadable(ask(api.GET("/v1/profile")));
      return { position, state: await loadable(ask(api.GET("/v1/sessions"))) };
    },
    apply,
  });
  const renaming = useSignal<Device | null>(null);
  const end = useAction(async (id: string) => {
    await ask(api.DELETE("/v1/sessions/{session_id}", { params: { path: { session_id: id } } }));
  });
  const endOthers = useAction(async () => {
    await ask(api.DELETE("/v1/sessions"));
  });
  const all = devices.value.value ?? [];
  return (
    <section class="card" aria-label={t("account.devices")}>
      <h2>{t("account.devices")}</h2>
      <ul class="stack tight">
        {all.map((device) => (
          <li key={device.session_id} class="row">
            <Icon name="device" />
            <span class="grow">
              <button class="plain name-button" onClick={() => (renaming.value = device)}>
                <span class="visually-hidden">{t("account.rename", { name: "" })}</span>
                {device.device_name || device.kind}
              </button>
              <span class="quiet small block">
                {device.current ? t("account.thisDevice") : t("account.lastSeen", { time: day(device.last_seen_at) })}
              </span>
            </span>
            {!device.current && (
              <button
                class="plain"
                aria-label={t("account.logOutDevice", { name: device.device_name })}
                disabled={end.busy}
                onClick={() => void end.run(device.session_id)}
              >
                <Icon name="close" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {all.length > 1 && (
        <button disabled={endOthers.busy} onClick={() => void endOthers.run()}>
          {t("account.logOutOthers")}
        </button>
      )}
      {renaming.value && <Rename device={renaming.value} onClose={() => (renaming.value = null)} />}
    </section>
  );
}

function Rename({ device, onClose }: { device: Device; onClose: () => void }) {
  const rename = useAction(async (form: HTMLFormElement) => {
    const params = { path: { session_id: device.session_id } };
    const body = { device_name: new FormData(form).get("name") as string };
    await ask(api.PATCH("/v1/sessions/{session_id}", { params, body }));
    onClose();
  });
  return (
    <Dialog title={t("account.rename", { name: device.device_name })} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void rename.run(event.currentTarget);
        }}
      >
        <label class="field">
          {t("account.deviceName")}
          <input name="name" required maxLength={100} defaultValue={device.device_name} />
        </label>
        <button class="primary" disabled={rename.busy}>
          {t("action.save")}
        </button>
      </form>
    </Dialog>
  );
}

function apply(devices: Device[], event: LiveEvent): Device[] {
  switch (event.type) {
    case "session.started": {
      const { session } = event.data;
      const known = devices.some((device) => device.session_id === session.session_id);
      return known ? devices : [...devices, { ...session, current: false }];
    }
    case "session.changed": {
      const { session_id, device_name } = event.data;
      return devices.map((device) => (device.session_id === session_id ? { ...device, device_name } : device));
    }
    case "session.ended":
      return devices.filter((device) => !event.data.session_ids.includes(device.session_id));
    default:
      return devices;
  }
}
