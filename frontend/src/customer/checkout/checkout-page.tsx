/** Checkout: where to, what it costs by the server's word, and one order however often the button is pressed. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Problem, type Schemas } from "../../app/api";
import { accountId } from "../../app/session";
import { money, t } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { useAction } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { LogIn } from "../../ui/log-in";
import { AddressForm } from "../address-form";
import { type Basket, basket, empty, removeItems } from "../basket";
import { BasketLines } from "../basket-panel";
import { BillSums } from "../bill";
import { type Address, addresses, choosePlace, place } from "../place";
import { Places } from "../place-chooser";
import { orderProblem, unavailableItems } from "../problems";
import { type Bill, placeOrder, usePrice } from "./price";

const TIPS_MINOR = [0, 100, 200, 500];

export function CheckoutPage() {
  useEffect(() => void (document.title = `${t("checkout.title")} · Tiffin`), []);
  const { value } = basket;
  return (
    <main id="content" class="checkout">
      <h1>{t("checkout.title")}</h1>
      {!value ? (
        <p class="empty">{t("basket.empty")}</p>
      ) : accountId.value ? (
        <Form basket={value} />
      ) : (
        <div class="stack">
          <p>{t("checkout.logIn")}</p>
          <LogIn mayRegister />
        </div>
      )}
    </main>
  );
}

function Form({ basket }: { basket: Basket }) {
  const { route } = useLocation();
  const tip = useSignal(0);
  const note = useSignal("");
  const problem = useSignal<unknown>(undefined);
  const destination = place.value && destinationOf(place.value);
  const price = usePrice(basket, destination, tip.value);
  const order = useAction(
    async (bill: Bill) => {
      if (!destination) return;
      problem.value = undefined;
      const placed = await placeOrder(basket, destination, tip.value, note.value.trim(), bill.total_minor);
      empty();
      route(`/orders/${placed.order_id}`);
    },
    (error) => {
      problem.value = error;
      const fresh =
        error instanceof Problem && error.code === "price_changed" ? (error.body["bill"] as Bill) : undefined;
      if (fresh) price.correct(fresh);
    },
  );
  const shown = problem.value ?? price.error;
  return (
    <div class="checkout-parts">
      <div class="stack">
        <Where />
        <Tips tip={tip.value} currency={basket.currency} onChange={(wanted) => (tip.value = wanted)} />
        <label class="field card">
          {t("checkout.note")}
          <textarea rows={2} maxLength={300} onInput={(event) => (note.value = event.currentTarget.value)} />
        </label>
      </div>
      <section class="card" aria-label={t("order.bill")}>
        <h2>{basket.restaurant_name}</h2>
        <BasketLines basket={basket} />
        {price.bill && <BillSums bill={price.bill} />}
        <Refusal error={shown} currency={basket.currency} onMended={() => (problem.value = undefined)} />
        <p class="quiet small">{t("checkout.paid")}</p>
        <button
          class="primary wide"
          disabled={!price.bill || !destination || order.busy}
          aria-busy={order.busy}
          onClick={() => price.bill && void order.run(price.bill)}
        >
          {order.busy || !price.bill
            ? t(order.busy ? "checkout.ordering" : "loading")
            : t("checkout.order", { amount: money(price.bill.total_minor, basket.currency) })}
        </button>
      </section>
    </div>
  );
}

function destinationOf({ street, city, latitude, longitude, note }: Address): Schemas["DestinationBody"] {
  return { street, city, latitude, longitude, note: note.slice(0, 300) };
}

interface RefusalProps {
  error: unknown;
  currency: string;
  onMended: () => void;
}

function Refusal({ error, currency, onMended }: RefusalProps) {
  if (!error) return null;
  const gone = unavailableItems(error);
  return (
    <div class="note bad stack" role="alert">
      <p>{orderProblem(error, currency)}</p>
      {gone.length > 0 && (
        <button
          onClick={() => {
            removeItems(new Set(gone.map((item) => item.menu_item_id)));
            onMended();
          }}
        >
          {t("checkout.remove")}
        </button>
      )}
    </div>
  );
}

function Where() {
  const adding = useSignal(false);
  const known = addresses.value;
  const none = known?.length === 0;
  return (
    <section class="card" aria-label={t("checkout.where")}>
      <h2>{t("checkout.where")}</h2>
      {none ? (
        <AddressForm onDone={() => undefined} />
      ) : (
        <>
          <Places known={known ?? []} onChoose={(address) => choosePlace(address.address_id)} />
          <button onClick={() => (adding.value = true)}>
            <Icon name="plus" />
            {t("checkout.addAddress")}
          </button>
        </>
      )}
      {adding.value && (
        <Dialog title={t("address.title")} onClose={() => (adding.value = false)}>
          <AddressForm onDone={() => (adding.value = false)} />
        </Dialog>
      )}
    </section>
  );
}

interface TipsProps {
  tip: number;
  currency: string;
  onChange: (tip: number) => void;
}

function Tips({ tip, currency, onChange }: TipsProps) {
  return (
    <section class="card" aria-label={t("checkout.tip")}>
      <h2>{t("checkout.tip")}</h2>
      <div class="chips">
        {TIPS_MINOR.map((minor) => (
          <button key={minor} type="button" class="chip" aria-pressed={minor === tip} onClick={() => onChange(minor)}>
            {minor === 0 ? t("checkout.noTip") : money(minor, currency)}
          </button>
        ))}
      </div>
    </section>
  );
}
