import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, type Schemas } from "../../app/api";
import { day, t } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { sentence } from "../../ui/hooks";
import { BillLines, BillSums } from "../bill";

/** What was paid for what. */
export function Receipt({ orderId, onClose }: { orderId: string; onClose: () => void }) {
  const receipt = useSignal<Schemas["ReceiptView"] | undefined>(undefined);
  const problem = useSignal("");
  useEffect(() => {
    ask(api.GET("/v1/orders/{order_id}/receipt", { params: { path: { order_id: orderId } } }))
      .then((found) => (receipt.value = found))
      .catch((error: unknown) => (problem.value = sentence(error)));
  }, [orderId]);
  const { value } = receipt;
  return (
    <Dialog title={t("order.receipt")} onClose={onClose}>
      {problem.value && <p class="note bad">{problem.value}</p>}
      {value && (
        <>
          <p>
            <strong>{value.restaurant_name}</strong>
            <span class="quiet block">{value.restaurant_address}</span>
          </p>
          <p class="quiet">
            {t("order.title", { number: value.number })} · {day(value.delivered_at)}
          </p>
          <BillLines bill={value.bill} />
          <BillSums bill={value.bill} />
          <p class="quiet small">{t("order.receiptPaid", { how: value.paid_by })}</p>
        </>
      )}
    </Dialog>
  );
}
