/** A restaurant: its menu, live, and the basket beside it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import { isSoldOut, type Menu, type MenuItem } from "../../app/menu";
import { clock, money, t } from "../../i18n";
import { Dialog } from "../../ui/dialog";
import { useResource } from "../../ui/hooks";
import { Picture } from "../../ui/picture";
import { now } from "../../ui/time";
import { add, basket, type BasketLine, empty } from "../basket";
import { BasketPanel } from "../basket-panel";
import { type Restaurant, takesOrders } from "../home/restaurants";
import { Status, Terms } from "../home/status";
import { NotFound } from "../not-found";
import { ItemDialog } from "./item-dialog";
import { menuOf } from "./menu";

export function RestaurantPage() {
  const { params } = useRoute();
  const menu = useResource(menuOf(params["id"] ?? ""));
  if (menu.status.value === "failed" || menu.status.value === "forbidden") return <NotFound />;
  if (!menu.value.value)
    return (
      <main id="content">
        <div class="skeleton" role="status" aria-label={t("loading")} />
      </main>
    );
  return <Loaded menu={menu.value.value} />;
}

function Loaded({ menu }: { menu: Menu<Restaurant> }) {
  const { restaurant } = menu;
  const chosen = useSignal<MenuItem | null>(null);
  const waiting = useSignal<BasketLine | null>(null);
  useEffect(() => void (document.title = `${restaurant.name} · Tiffin`), [restaurant.name]);
  const put = (line: BasketLine) => {
    chosen.value = null;
    const other = basket.value !== null && basket.value.restaurant_id !== restaurant.id;
    if (other) waiting.value = line;
    else add(restaurant, line);
  };
  return (
    <main id="content" class="restaurant">
      <div class="restaurant-main stack">
        <Head restaurant={restaurant} />
        <nav class="chips categories" aria-label={t("restaurant.menu")}>
          {menu.categories.map((category) => (
            <a key={category.id} class="button chip" href={`#${category.id}`}>
              {category.name}
            </a>
          ))}
        </nav>
        {menu.categories.map((category) => (
          <section key={category.id} id={category.id} class="stack" aria-labelledby={`${category.id}-title`}>
            <h2 id={`${category.id}-title`}>{category.name}</h2>
            <ul class="items">
              {menu.items
                .filter((item) => item.category_id === category.id)
                .map((item) => (
                  <li key={item.id}>
                    <ItemCard item={item} currency={restaurant.currency} onChoose={() => (chosen.value = item)} />
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      <aside class="restaurant-basket">
        <BasketPanel />
      </aside>
      {chosen.value && (
        <ItemDialog
          item={menu.items.find((item) => item.id === chosen.value?.id) ?? chosen.value}
          currency={restaurant.currency}
          onAdd={put}
          onClose={() => (chosen.value = null)}
        />
      )}
      {waiting.value && (
        <Dialog title={t("basket.title")} onClose={() => (waiting.value = null)}>
          <p>{t("basket.other", { name: basket.value?.restaurant_name ?? "" })}</p>
          <button
            class="primary"
            onClick={() => {
              empty();
              if (waiting.value) add(restaurant, waiting.value);
              waiting.value = null;
            }}
          >
            {t("basket.startNew")}
          </button>
          <button onClick={() => (waiting.value = null)}>{t("action.cancel")}</button>
        </Dialog>
      )}
    </main>
  );
}

function Head({ restaurant }: { restaurant: Restaurant }) {
  return (
    <header class="stack tight">
      <div class="row wrap">
        <h1>{restaurant.name}</h1>
        <Status restaurant={restaurant} />
      </div>
      <p>{restaurant.description}</p>
      <p class="quiet small">{restaurant.address}</p>
      <Terms restaurant={restaurant} />
      {restaurant.busy_extra_minutes > 0 && (
        <p class="note">{t("restaurant.busy", { minutes: restaurant.busy_extra_minutes })}</p>
      )}
      {!takesOrders(restaurant, now.value) && <p class="note">{whyNot(restaurant)}</p>}
    </header>
  );
}

function whyNot(restaurant: Restaurant): string {
  if (restaurant.is_open) return t("restaurant.pausedNote");
  const { next_opening_at } = restaurant;
  return next_opening_at ? t("restaurant.closedNote", { time: clock(next_opening_at) }) : t("restaurant.closedLong");
}

interface ItemCardProps {
  item: MenuItem;
  currency: string;
  onChoose: () => void;
}

function ItemCard({ item, currency, onChoose }: ItemCardProps) {
  const soldOut = item.sold_out && isSoldOut(item, now.value);
  const [picture] = item.images;
  return (
    <button class="item" data-pictured={picture !== undefined} disabled={soldOut} onClick={onChoose}>
      {picture && <Picture picture={picture} alt="" sizes="112px" />}
      <span class="item-name">{item.name}</span>
      {item.description && <span class="quiet small">{item.description}</span>}
      <span class="row">
        <span class="number grow">{money(item.price_minor, currency)}</span>
        {soldOut && <span class="badge bad">{soldOutText(item)}</span>}
      </span>
    </button>
  );
}

function soldOutText(item: MenuItem): string {
  return item.sold_out_until ? t("item.soldOutUntil", { time: clock(item.sold_out_until) }) : t("item.soldOut");
}
