/**
 * What the customer is about to order: one restaurant's dishes, kept on this device and shared by its tabs. Prices here
 * are what the menu said; the server prices the basket at checkout.
 */
import { computed, effect, signal } from "@preact/signals";
import type { Schemas } from "../app/api";
import type { MenuItem } from "../app/menu";

export interface BasketLine {
  menu_item_id: string;
  name: string;
  unit_minor: number;
  quantity: number;
  option_ids: string[];
  option_names: string[];
  note: string;
}

export interface Basket {
  restaurant_id: string;
  restaurant_name: string;
  currency: string;
  minimum_minor: number;
  lines: BasketLine[];
}

const STORED = "tiffin.basket";
const MOST_OF_ONE = 99;

export const basket = signal<Basket | null>(read());
export const count = computed(() => basket.value?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0);
export const subtotal = computed(
  () => basket.value?.lines.reduce((sum, line) => sum + line.unit_minor * line.quantity, 0) ?? 0,
);

effect(() => {
  if (basket.value === null) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, JSON.stringify(basket.value));
});
window.addEventListener("storage", (event) => {
  if (event.key === STORED) basket.value = read();
});

function read(): Basket | null {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "null") as Basket | null;
  } catch {
    return null;
  }
}

/** Put a line in, beside what is there of the same restaurant; the same choice again adds up. */
export function add(restaurant: Schemas["RestaurantView"], line: BasketLine): void {
  const before = basket.value?.restaurant_id === restaurant.id ? basket.value.lines : [];
  const same = before.findIndex((other) => sameChoice(other, line));
  const lines =
    same === -1
      ? [...before, line]
      : before.map((other, at) => (at === same ? withQuantity(other, other.quantity + line.quantity) : other));
  basket.value = {
    restaurant_id: restaurant.id,
    restaurant_name: restaurant.name,
    currency: restaurant.currency,
    minimum_minor: restaurant.minimum_order_minor,
    lines,
  };
}

export function setQuantity(at: number, quantity: number): void {
  const { value } = basket;
  if (!value) return;
  const lines = value.lines.map((line, index) => (index === at ? withQuantity(line, quantity) : line));
  const left = lines.filter((line) => line.quantity > 0);
  basket.value = left.length > 0 ? { ...value, lines: left } : null;
}

/** Take out all lines of these items. */
export function removeItems(ids: ReadonlySet<string>): void {
  const { value } = basket;
  if (!value) return;
  const left = value.lines.filter((line) => !ids.has(line.menu_item_id));
  basket.value = left.length > 0 ? { ...value, lines: left } : null;
}

export function empty(): void {
  basket.value = null;
}

/** A line as the API wants it. */
export function bodyOf({ menu_item_id, quantity, option_ids, note }: BasketLine): Schemas["BasketLineBody"] {
  return { menu_item_id, quantity, option_ids, note };
}

/** A line of an item with these options. */
export function lineOf(item: MenuItem, optionIds: string[], quantity: number, note: string): BasketLine {
  const options = item.option_groups
    .flatMap((group) => group.options)
    .filter((option) => optionIds.includes(option.id));
  return {
    menu_item_id: item.id,
    name: item.name,
    unit_minor: item.price_minor + options.reduce((sum, option) => sum + option.price_minor, 0),
    quantity,
    option_ids: optionIds,
    option_names: options.map((option) => option.name),
    note,
  };
}

function withQuantity(line: BasketLine, quantity: number): BasketLine {
  return { ...line, quantity: Math.min(MOST_OF_ONE, quantity) };
}

function sameChoice(one: BasketLine, other: BasketLine): boolean {
  const key = (line: BasketLine) => [line.menu_item_id, line.note, ...[...line.option_ids].sort()].join();
  return key(one) === key(other);
}
