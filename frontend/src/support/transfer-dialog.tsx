/** Hand a conversation over: to a colleague with room, or back to its place in line. */
import { useSignal } from "@preact/signals";
import { api, ask } from "../app/api";
import { t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";
import { type Agent, withRoom } from "./desk";

interface TransferDialogProps {
  id: string;
  me: Agent;
  agents: readonly Agent[];
  onClose: () => void;
}

export function TransferDialog({ id, me, agents, onClose }: TransferDialogProps) {
  const note = useSignal("");
  const transfer = useAction(async (agent_id: string | null) => {
    const params = { path: { conversation_id: id } };
    const body = { agent_id, note: note.value.trim() };
    await ask(api.POST("/v1/conversations/{conversation_id}/transfer", { params, body }));
    onClose();
  });
  const free = withRoom(agents, me.account_id);
  return (
    <Dialog title={t("support.transferTo")} onClose={onClose}>
      <label class="field">
        {t("support.transferNote")}
        <textarea
          rows={2}
          maxLength={10_000}
          value={note.value}
          onInput={(event) => (note.value = event.currentTarget.value)}
        />
      </label>
      {free.length === 0 && <p class="quiet">{t("support.nobodyFree")}</p>}
      {free.map((one) => (
        <button key={one.account_id} disabled={transfer.busy} onClick={() => void transfer.run(one.account_id)}>
          {one.name} <span class="quiet number">{t("support.load", { load: one.load, capacity: one.capacity })}</span>
        </button>
      ))}
      <button class="plain" disabled={transfer.busy} onClick={() => void transfer.run(null)}>
        {t("support.transferBack")}
      </button>
    </Dialog>
  );
}
