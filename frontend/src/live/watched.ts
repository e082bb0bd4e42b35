/** What the hub knows of a topic that keeps only its newest value: who watches it, and the value, while the server vouches for it. */
import type { FromHub, Port } from "./messages";
import type { Latest, Sync } from "./protocol";

type TabPort = Port<FromHub>;

export class WatchedTopic {
  /** There are none in such a topic. */
  readonly position = null;
  private readonly watchers = new Set<TabPort>();
  private state: "new" | "asked" | "live" | "refused" = "new";
  private newest: Latest | undefined;

  get tabs(): Iterable<TabPort> {
    return this.watchers;
  }

  /** The server said that there is nothing to read. */
  get refused(): boolean {
    return this.state === "refused";
  }

  /** True if the server has to be asked; else the tab is told what is known, or with the others. */
  join(tab: TabPort): boolean {
    this.watchers.add(tab);
    if (this.state === "asked") return false;
    if (this.state === "live") {
      if (this.newest) tab.postMessage({ type: "latest", latest: this.newest });
      return false;
    }
    this.state = "asked";
    return true;
  }

  /** True if nobody is left. */
  leave(tab: TabPort): boolean {
    return this.watchers.delete(tab) && this.watchers.size === 0;
  }

  /** The value follows the answer; what was the newest before may no longer be. */
  synced(sync: Sync): [TabPort, Sync][] {
    this.state = sync.ok ? "live" : "refused";
    this.newest = undefined;
    return [...this.watchers].map((tab): [TabPort, Sync] => [tab, sync]);
  }

  /** True if the tabs are to be told. */
  take(latest: Latest): boolean {
    if (this.state !== "live") return false;
    this.newest = latest;
    return true;
  }

  disconnected(): void {
    this.state = "asked"; // with everything else, when it comes back
  }
}
