/** Accept with minutes, reject or cancel with a reason: two touches each. */
import { useSignal } from "@preact/signals";
import { api, ask } from "../app/api";
import { t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import type { RejectReason } from "./actions";
import type { Ticket } from "./board";

const MINUTES = [10, 15, 20, 30, 45];
const STEP = 5;
const MOST = 240;
const REASONS: readonly RejectReason[] = ["too_busy", "item_unavailable", "closing", "cannot_deliver", "other"];

interface AcceptProps {
  ticket: Ticket;
  /** minutes this kitchen usually takes now */
  usual: number;
  onAccept: (minutes: number) => void;
  onClose: () => void;
}

/** One touch on the minutes accepts; the usual ones can be moved first. */
export function AcceptDialog({ ticket, usual, onAccept, onClose }: AcceptProps) {
  const minutes = useSignal(usual);
  const move = (by: number) => (minutes.value = Math.min(MOST, Math.max(STEP, minutes.value + by)));
  return (
    <Dialog title={t("ticket.acceptTitle", { number: ticket.content.number })} onClose={onClose}>
      <p>{t("ticket.acceptWhen")}</p>
      <div class="minutes">
        {MINUTES.map((one) => (
          <button key={one} class="huge number" onClick={() => onAccept(one)}>
            {t("ticket.minutes", { minutes: one })}
          </button>
        ))}
      </div>
      <div class="row">
        <button class="huge" aria-label={t("ticket.sooner")} onClick={() => move(-STEP)}>
          <Icon name="minus" />
        </button>
        <button autofocus class="primary huge grow number" onClick={() => onAccept(minutes.value)}>
          {t("ticket.acceptIn", { minutes: minutes.value })}
        </button>
        <button class="huge" aria-label={t("ticket.later")} onClick={() => move(STEP)}>
          <Icon name="plus" />
        </button>
      </div>
    </Dialog>
  );
}

interface RejectProps {
  ticket: Ticket;
  onReject: (reason: RejectReason, note: string) => void;
  onClose: () => void;
}

export function RejectDialog({ ticket, onReject, onClose }: RejectProps) {
  const note = useSignal("");
  return (
    <Dialog title={t("ticket.rejectTitle", { number: ticket.content.number })} onClose={onClose}>
      <p>{t("ticket.rejectTold")}</p>
      <label class="field">
        {t("ticket.rejectNote")}
        <input value={note.value} maxLength={300} onInput={(event) => (note.value = event.currentTarget.value)} />
      </label>
      {REASONS.map((reason) => (
        <button key={reason} class="danger" onClick={() => onReject(reason, note.value.trim())}>
          {t(`ticket.reason.${reason}`)}
        </button>
      ))}
    </Dialog>
  );
}

export function CancelDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const cancel = useAction(async (form: HTMLFormElement) => {
    const params = { path: { ticket_id: ticket.ticket_id } };
    const body = { reason: new FormData(form).get("reason") as string };
    await ask(api.POST("/v1/tickets/{ticket_id}/cancel", { params, body }));
    onClose();
  });
  return (
    <Dialog title={t("ticket.cancelTitle", { number: ticket.content.number })} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void cancel.run(event.currentTarget);
        }}
      >
        <label class="field">
          {t("ticket.cancelWhy")}
          <input name="reason" required maxLength={300} />
        </label>
        <button class="danger" disabled={cancel.busy}>
          {t("ticket.cancel")}
        </button>
      </form>
    </Dialog>
  );
}
