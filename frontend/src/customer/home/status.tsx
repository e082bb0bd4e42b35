import { clock, money, t } from "../../i18n";
import { now } from "../../ui/time";
import { type Restaurant, takesOrders } from "./restaurants";

/** Whether it takes orders, and if not, when. */
export function Status({ restaurant }: { restaurant: Restaurant }) {
  if (takesOrders(restaurant, now.value)) return <span class="badge good">{t("restaurant.open")}</span>;
  if (!restaurant.is_open) {
    const { next_opening_at } = restaurant;
    const text = next_opening_at
      ? t("restaurant.closedUntil", { time: clock(next_opening_at) })
      : t("restaurant.closed");
    return <span class="badge">{text}</span>;
  }
  const { paused_until } = restaurant;
  const timed = paused_until !== null && Date.parse(paused_until) > now.value;
  const text = timed ? t("restaurant.pausedUntil", { time: clock(paused_until) }) : t("restaurant.paused");
  return <span class="badge warn">{text}</span>;
}

/** Minutes, fee and minimum, in a line. */
export function Terms({ restaurant }: { restaurant: Restaurant }) {
  const { currency, delivery_fee_minor, minimum_order_minor } = restaurant;
  const minutes = restaurant.preparation_minutes + restaurant.busy_extra_minutes;
  return (
    <p class="quiet small terms">
      <span>{t("restaurant.minutes", { minutes })}</span>
      <span>
        {delivery_fee_minor > 0
          ? t("restaurant.fee", { amount: money(delivery_fee_minor, currency) })
          : t("restaurant.freeDelivery")}
      </span>
      {minimum_order_minor > 0 && (
        <span>{t("restaurant.minimum", { amount: money(minimum_order_minor, currency) })}</span>
      )}
    </p>
  );
}
