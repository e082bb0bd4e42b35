/**
 * The list of restaurants, kept true: each one's public topic is followed, and whenever a topic cannot vouch for what
 * was missed, the list is loaded once again.
 */
import { signal } from "@preact/signals";
import { api, ask, type Schemas } from "../../app/api";
import { changeOf, isPaused } from "../../app/menu";
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

  /** Opening makes no event: look again when the next one is due. */
  private awaitTurn(items: Restaurant[]): void {
    const turns = items.flatMap((one) => one.next_opening_at ?? []);
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
    this.value.value = this.value.value?.map((one) => (one.id === id ? { ...one, ...changeOf(event) } : one));
    if (event.type === "restaurant.changed" || event.type === "restaurant.unpublished") this.loadIn(GATHER_MS);
  }
}

/** Open, published and not paused, at `now` in Unix milliseconds. */
export function takesOrders(restaurant: Restaurant, now: number): boolean {
  return restaurant.is_open && restaurant.published && !isPaused(restaurant, now);
}
