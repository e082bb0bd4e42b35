/** The basket: beside the menu where there is room, else a bar at the bottom that opens it. */
import { useSignal } from "@preact/signals";
import { money, t } from "../i18n";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { type Basket, basket, count, empty, setQuantity, subtotal } from "./basket";
import { Stepper } from "./stepper";

export function BasketPanel() {
  const open = useSignal(false);
  const { value } = basket;
  return (
    <>
      <section class="card basket-panel" aria-label={t("basket.title")}>
        <h2>{t("basket.title")}</h2>
        {value ? <Contents basket={value} /> : <p class="quiet">{t("basket.empty")}</p>}
      </section>
      {value && (
        <button class="primary basket-bar" onClick={() => (open.value = true)}>
          <Icon name="basket" />
          {t("basket.show", { count: count.value, amount: money(subtotal.value, value.currency) })}
        </button>
      )}
      {value && open.value && (
        <Dialog title={t("basket.title")} onClose={() => (open.value = false)}>
          <Contents basket={value} />
        </Dialog>
      )}
    </>
  );
}

function Contents({ basket }: { basket: Basket }) {
  const missing = basket.minimum_minor - subtotal.value;
  return (
    <>
      <p class="quiet small">{basket.restaurant_name}</p>
      <BasketLines basket={basket} />
      <p class="row">
        <strong class="grow">{t("basket.subtotal")}</strong>
        <strong class="number">{money(subtotal.value, basket.currency)}</strong>
      </p>
      {missing > 0 && <p class="note small">{t("basket.below", { amount: money(missing, basket.currency) })}</p>}
      <a class="button primary wide" href="/checkout">
        {t("basket.checkout")}
      </a>
      <button class="plain" onClick={empty}>
        <Icon name="trash" size={18} />
        {t("basket.clear")}
      </button>
    </>
  );
}

/** The lines, each with its stepper. */
export function BasketLines({ basket }: { basket: Basket }) {
  return (
    <ul class="lines">
      {basket.lines.map((line, at) => (
        <li key={`${line.menu_item_id} ${line.option_ids.join()} ${line.note}`} class="line">
          <div class="grow">
            <span>{line.name}</span>
            {line.option_names.length > 0 && <span class="quiet small block">{line.option_names.join(", ")}</span>}
            {line.note && <span class="quiet small block">“{line.note}”</span>}
            <span class="number small block">{money(line.unit_minor * line.quantity, basket.currency)}</span>
          </div>
          <Stepper quantity={line.quantity} least={0} name={line.name} onChange={(wanted) => setQuantity(at, wanted)} />
        </li>
      ))}
    </ul>
  );
}
