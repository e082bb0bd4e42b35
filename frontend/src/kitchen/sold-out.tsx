/** What is sold out: one touch a dish, until tomorrow or until lifted. */
import { useSignal } from "@preact/signals";
import { api, ask } from "../app/api";
import { isSoldOut, type Menu, type MenuItem } from "../app/menu";
import { clock, t } from "../i18n";
import type { Resource } from "../live";
import { Dialog } from "../ui/dialog";
import { useAction } from "../ui/hooks";
import { now } from "../ui/time";

export function SoldOutDialog({ menu, onClose }: { menu: Resource<Menu>; onClose: () => void }) {
  const search = useSignal("");
  const { value } = menu.value;
  if (!value) return null;
  const found = value.items.filter((item) =>
    item.name.toLocaleLowerCase().includes(search.value.trim().toLocaleLowerCase()),
  );
  return (
    <Dialog title={t("kitchen.soldOut")} onClose={onClose}>
      <input
        type="search"
        aria-label={t("kitchen.searchMenu")}
        placeholder={t("kitchen.searchMenu")}
        onInput={(event) => (search.value = event.currentTarget.value)}
      />
      {value.categories.map((category) => (
        <Category
          key={category.id}
          name={category.name}
          items={found.filter((item) => item.category_id === category.id)}
          menu={menu}
        />
      ))}
    </Dialog>
  );
}

function Category({ name, items, menu }: { name: string; items: MenuItem[]; menu: Resource<Menu> }) {
  if (items.length === 0) return null;
  return (
    <section class="stack tight" aria-label={name}>
      <h3>{name}</h3>
      {items.map((item) => (
        <Item key={item.id} item={item} menu={menu} />
      ))}
    </section>
  );
}

function Item({ item, menu }: { item: MenuItem; menu: Resource<Menu> }) {
  const change = useAction(async (sold_out: boolean, until: string | null) => {
    const before = item;
    put(menu, { ...item, sold_out, sold_out_until: until });
    try {
      const params = { path: { item_id: item.id } };
      put(menu, await ask(api.PUT("/v1/menu-items/{item_id}/sold-out", { params, body: { sold_out, until } })));
    } catch (error) {
      put(menu, before);
      throw error;
    }
  });
  const gone = isSoldOut(item, now.value);
  return (
    <div class="row wrap sold-out-item" data-item={item.id} data-sold-out={gone}>
      <span class="grow">
        {item.name}
        {gone && (
          <span class="badge bad">
            {item.sold_out_until
              ? t("kitchen.soldOutUntil", { time: clock(item.sold_out_until) })
              : t("kitchen.untilLifted")}
          </span>
        )}
      </span>
      {gone ? (
        <button aria-label={`${item.name}: ${t("kitchen.available")}`} onClick={() => void change.run(false, null)}>
          {t("kitchen.available")}
        </button>
      ) : (
        <>
          <button
            aria-label={`${item.name}: ${t("kitchen.untilTomorrow")}`}
            onClick={() => void change.run(true, tomorrowMorning())}
          >
            {t("kitchen.untilTomorrow")}
          </button>
          <button aria-label={`${item.name}: ${t("kitchen.untilLifted")}`} onClick={() => void change.run(true, null)}>
            {t("kitchen.untilLifted")}
          </button>
        </>
      )}
    </div>
  );
}

function put(menu: Resource<Menu>, item: MenuItem): void {
  menu.patch((before) => ({ ...before, items: before.items.map((one) => (one.id === item.id ? item : one)) }));
}

/** Five in the morning, when no kitchen cooks yesterday's menu any more. */
function tomorrowMorning(): string {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(5, 0, 0, 0);
  return at.toISOString();
}
