/** What a basket costs, and placing it once. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, idempotencyKey, Problem, type Schemas } from "../../app/api";
import { type Basket, bodyOf } from "../basket";

export type Bill = Schemas["BillView"];
type Destination = Schemas["DestinationBody"];

interface Price {
  bill: Bill | undefined;
  error: unknown;
  /** The server has named another price. */
  correct(bill: Bill): void;
}

const PAUSE_MS = 150;

/** The server's price of a basket, anew a moment after anything has changed. */
export function usePrice(basket: Basket, destination: Destination | undefined, tip: number): Price {
  const bill = useSignal<Bill | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  const body = destination && bodyFor(basket, destination, tip);
  const asked = JSON.stringify(body);
  useEffect(() => {
    if (!body) return;
    let stale = false;
    const timer = setTimeout(() => {
      ask(api.POST("/v1/baskets/price", { body }))
        .then((priced) => {
          if (!stale) [bill.value, error.value] = [priced, undefined];
        })
        .catch((problem: unknown) => {
          if (!stale) [bill.value, error.value] = [undefined, problem];
        });
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [asked]);
  return { bill: bill.value, error: error.value, correct: (fresh) => (bill.value = fresh) };
}

function bodyFor(basket: Basket, destination: Destination, tip_minor: number): Schemas["BasketBody"] {
  return { restaurant_id: basket.restaurant_id, lines: basket.lines.map(bodyOf), destination, tip_minor };
}

const STORED = "tiffin.ordering";
const TRIES = 3;
const WAIT_MS = 1_000;

/**
 * Place an order, once however often this is called with the same content: the key outlives a lost answer and a
 * reload, and a lost answer is asked for again. Raises Problem.
 */
export async function placeOrder(
  basket: Basket,
  destination: Destination,
  tip: number,
  note: string,
  expected_total_minor: number,
): Promise<Schemas["OrderView"]> {
  const body = { ...bodyFor(basket, destination, tip), note, expected_total_minor };
  const params = { header: { "idempotency-key": keyFor(JSON.stringify(body)) } };
  for (let attempt = 1; ; attempt++) {
    try {
      const placed = await ask(api.POST("/v1/orders", { params, body }));
      sessionStorage.removeItem(STORED);
      return placed;
    } catch (error) {
      const again = error instanceof Problem && (error.status === 0 || error.status === 503) && attempt < TRIES;
      if (!again) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * attempt));
    }
  }
}

function keyFor(content: string): string {
  const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "{}") as { content?: string; key?: string };
  if (stored.content === content && stored.key) return stored.key;
  const key = idempotencyKey();
  sessionStorage.setItem(STORED, JSON.stringify({ content, key }));
  return key;
}
