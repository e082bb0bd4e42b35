/** What is asked about an order: the customer's code, or why it is not brought after all. */
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";
import { advance, dismiss, fail, giveBack, problems, steps, whyNot } from "./actions";
import type { Assignment, Standing } from "./standing";

export const asking = signal<{ orderId: string; what: "code" | "giveBack" | "fail" } | null>(null);

const REASONS = {
  giveBack: ["courier.why.bike", "courier.why.late", "courier.why.closed"],
  fail: ["courier.why.nobody", "courier.why.address", "courier.why.refused", "courier.why.spoilt"],
} as const;

interface AskedProps {
  me: Resource<Standing>;
  assignments: readonly Assignment[];
}

/** An order that is over asks nothing. */
export function Asked({ me, assignments }: AskedProps) {
  const asked = asking.value;
  const assignment = assignments.find((one) => one.order_id === asked?.orderId);
  const fits = assignment && (asked?.what === "giveBack") === (assignment.state !== "on_board");
  useEffect(() => {
    if (asked && !fits) asking.value = null;
  }, [asked, fits]);
  if (!asked || !fits) return null;
  const close = () => (asking.value = null);
  if (asked.what === "code") return <CodeDialog me={me} assignment={assignment} onClose={close} />;
  return <WhyDialog assignment={assignment} what={asked.what} onClose={close} />;
}

interface CodeDialogProps {
  me: Resource<Standing>;
  assignment: Assignment;
  onClose: () => void;
}

function CodeDialog({ me, assignment, onClose }: CodeDialogProps) {
  const code = useSignal("");
  const disconnected = useDisconnected();
  const { order_id, customer_name: name } = assignment;
  const busy = steps.value.get(order_id)?.includes("delivered") ?? false;
  const problem = problems.value.get(order_id);
  const send = () => {
    void advance(me, assignment, "delivered", code.value);
    code.value = "";
  };
  const close = () => {
    dismiss(order_id);
    onClose();
  };
  return (
    <Dialog title={t("courier.code", { name })} onClose={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) send();
        }}
      >
        <label class="field">
          {t("courier.codeAsk", { name })}
          <input
            class="code number"
            autofocus
            required
            inputMode="numeric"
            pattern="[0-9]{4}"
            maxLength={4}
            autocomplete="off"
            value={code.value}
            onInput={(event) => (code.value = event.currentTarget.value.replace(/\D/g, ""))}
          />
        </label>
        {problem && (
          <p class="note bad" role="alert">
            {problem}
          </p>
        )}
        {busy && disconnected && (
          <p class="note" role="status">
            {t("courier.waitsForConnection")}
          </p>
        )}
        <button class="primary huge" disabled={busy || code.value.length < 4}>
          {t("courier.step.delivered")}
        </button>
      </form>
    </Dialog>
  );
}

interface WhyDialogProps {
  assignment: Assignment;
  what: "giveBack" | "fail";
  onClose: () => void;
}

function WhyDialog({ assignment, what, onClose }: WhyDialogProps) {
  const other = useSignal("");
  const problem = useSignal("");
  const end = useAction(
    async (reason: string) => {
      problem.value = "";
      await (what === "fail" ? fail : giveBack)(assignment.order_id, reason);
      onClose();
    },
    (error) => (problem.value = whyNot(error)),
  );
  return (
    <Dialog title={t(`courier.${what}`)} onClose={onClose}>
      <p>{t(`courier.${what}Why`)}</p>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      {REASONS[what].map((reason) => (
        <button key={reason} class="danger huge" disabled={end.busy} onClick={() => void end.run(t(reason))}>
          {t(reason)}
        </button>
      ))}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void end.run(other.value.trim());
        }}
      >
        <label class="field">
          {t("courier.why.other")}
          <input maxLength={300} value={other.value} onInput={(event) => (other.value = event.currentTarget.value)} />
        </label>
        <button class="danger" disabled={end.busy || other.value.trim() === ""}>
          {t(`courier.${what}`)}
        </button>
      </form>
    </Dialog>
  );
}
