/** Who brings an order, how far they are, and what to tell them at the door. */
import { t } from "../../i18n";
import type { Delivery } from "./delivery";

export function CourierCard({ delivery }: { delivery: Delivery }) {
  const words = wordsOf(delivery);
  if (!words) return null;
  const { near, courier, code } = delivery;
  return (
    <section class="card courier-card" aria-label={t("order.courier")}>
      <p class={near ? "courier-near" : ""} role="status">
        {words}
      </p>
      {code && courier && <DoorCode code={code} name={courier.name} />}
    </section>
  );
}

function wordsOf({ state, near, courier }: Delivery): string {
  if (state === "searching" || state === "offered") return t("order.courier.search");
  if (!courier || state === "waiting" || state === "ended") return "";
  return t(near ? "order.courier.near" : `order.courier.${state}`, { name: courier.name });
}

function DoorCode({ code, name }: { code: string; name: string }) {
  return (
    <div class="door-code">
      <h2>{t("order.code")}</h2>
      <p class="door-digits number">
        <span aria-hidden="true">{code}</span>
        <span class="visually-hidden">{Array.from(code).join(" ")}</span>
      </p>
      <p class="quiet small">{t("order.codeWhy", { name })}</p>
    </div>
  );
}
