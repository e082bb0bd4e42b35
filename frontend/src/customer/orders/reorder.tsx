import { useLocation } from "preact-iso/router";
import { api, ask } from "../../app/api";
import { t } from "../../i18n";
import { useAction } from "../../ui/hooks";
import { toast } from "../../ui/toast";
import { add, empty, lineOf } from "../basket";

/** A past order as a basket at today's prices; what is not to be had any more is left out and named. */
export function ReorderButton({ orderId, name }: { orderId: string; name: string }) {
  const { route } = useLocation();
  const reorder = useAction(async () => {
    const again = await ask(api.POST("/v1/orders/{order_id}/reorder", { params: { path: { order_id: orderId } } }));
    const params = { path: { restaurant_id: again.restaurant_id } };
    const menu = await ask(api.GET("/v1/restaurants/{restaurant_id}/menu", { params }));
    if (again.unavailable.length > 0)
      toast(t("orders.unavailable", { names: again.unavailable.map((item) => item.name).join(", ") }));
    empty();
    for (const line of again.lines) {
      const item = menu.items.find((one) => one.id === line.menu_item_id);
      if (item) add(menu.restaurant, lineOf(item, line.option_ids ?? [], line.quantity, line.note));
    }
    route(again.lines.length > 0 ? "/checkout" : `/restaurants/${again.restaurant_id}`);
  });
  return (
    <button disabled={reorder.busy} aria-label={`${t("order.again")}, ${name}`} onClick={() => void reorder.run()}>
      {t("order.again")}
    </button>
  );
}
