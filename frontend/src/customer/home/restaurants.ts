/**
 * The list of restaurants, kept true: each one's public topic is followed, and whenever a topic cannot vouch for what
 * was missed, the list is loaded once again.
 */
import { signal } from "@preact/signals";
import { api, ask, type Schemas } from "../../app/api";
import { live } from "../../app/session";
import { Backoff } from "../../live/backoff";
import type { Following } from "../../live";
import { isReset, type LiveEvent } from "../../live/protocol";

export type Restaurant = Schemas["RestaurantNowView"];

/** One connection follows at most a hundred topics; some are left for others. */
const MOST_FOLLOWED = 60;
const PAGE = 100;
const GATHER_MS = 30;

export interface Point {
  latitude: number;
  longitude: number;
}

export class RestaurantList {
  readonly value = signal<Restaurant[] | undefined>(undefined);
  readonly error = signal<unknown>(undefined);
  private readonly followed = new Map<string, Following>();
  private readonly backoff = new Backoff();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(private readonly point: Point | undefined) {
    void this.load();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.turn);
    for (const following of this.followed.values()) following.stop();
  }

  private async load(): Promise<void> {
    try {
      const query = { limit: PAGE, ...(this.point ?? {}) };
      const page = await ask(api.GET("/v1/restaurants", { params: { query } }));
      if (this.stopped) return;
      this.backoff.worked();
      this.error.value = undefined;
      this.value.value = page.items;
      this.follow(page.items);
      this.awaitTurn(page.items);
    } catch (error) {
      if (this.stopped) return;
      this.error.value = error;
      this.loadIn(this.backoff.next());
    }
  }

  private loadIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), milliseconds);
  }

  /** Opening and the end of a pause make no event: look again when the next one is due. */
  private awaitTurn(items: Restaurant[]): void {
    const turns = items.flatMap((one) => [one.next_opening_at, one.paused_until]).filter((at) => at !== null);
    const next = Math.min(...turns.map((at) => Date.parse(at)).filter((at) => at > Date.now()));
    clearTimeout(this.turn);
    const most = 2 ** 31 - 1; // what a timer can hold
    if (next - Date.now() < most) this.turn = setTimeout(() => void this.load(), next - Date.now() + 1000);
  }

  private follow(items: Restaurant[]): void {
    for (const { id } of items.slice(0, MOST_FOLLOWED)) {
      if (this.followed.has(id)) continue;
      const following = live().follow(`menu.${id}`, null, {
        sync: (sync) => {
          if (!sync.ok && isReset(sync.reason)) this.loadIn(GATHER_MS);
        },
        event: (event) => this.arrived(id, event),
      });
      this.followed.set(id, following);
    }
  }

  private arrived(id: string, event: LiveEvent): void {
    const change = changeOf(event);
    if (!change || !this.value.value) return;
    this.value.value = this.value.value.map((one) => (one.id === id ? { ...one, ...change(one) } : one));
    if (event.type === "restaurant.changed" || event.type === "restaurant.unpublished") this.loadIn(GATHER_MS);
  }
}

/** What an event changes of a restaurant as customers see it; null for nothing. */
export function changeOf(event: LiveEvent): ((before: Restaurant) => Partial<Restaurant>) | null {
  switch (event.type) {
    case "restaurant.changed":
    case "restaurant.unpublished":
      return () => event.data.restaurant;
    case "restaurant.paused": {
      const { paused_until, paused_indefinitely } = event.data;
      return () => ({ paused_until, paused_indefinitely, is_taking_orders: false });
    }
    case "restaurant.resumed":
      return (before) => ({
        paused_until: null,
        paused_indefinitely: false,
        is_taking_orders: before.is_open && before.published,
      });
    case "restaurant.busy":
      return () => ({ busy_extra_minutes: event.data.busy_extra_minutes });
    default:
      return null;
  }
}
