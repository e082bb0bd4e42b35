/**
 * Random schedules of events, cuts, resets and restores, with tabs that come, go, load anew and lag. Every tab's history
 * has to be gapless, in order and without doubles at every moment, and in the end equal to the server's log.
 */
import { beforeEach, expect, test, vi } from "vitest";
import { World } from "./model";
import { Chances } from "./random";

const SEEDS = 300;
const STEPS = 300;

beforeEach(() => void vi.useFakeTimers());

test.each(["stream", "socket"] as const)(
  "no schedule loses, repeats or reorders an event (%s)",
  async (kind) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const chances = new Chances(seed);
      vi.spyOn(Math, "random").mockImplementation(() => chances.next());
      const world = new World(kind);
      world.openTab();
      for (let step = 0; step < STEPS; step++) await act(world, chances);
      await settle(world, chances);
      expect(world.faults, `seed ${seed}`).toEqual([]);
      const log = Array.from({ length: world.server.head }, (_, index) => index + 1);
      for (const { resource } of world.tabs) {
        expect(resource.value.value, `seed ${seed}`).toEqual(log);
        expect(resource.status.value, `seed ${seed}`).toBe("live");
      }
      expect(world.openConnections, `seed ${seed}`).toBe(world.tabs.length > 0 ? 1 : 0);
      for (const tab of [...world.tabs]) world.closeTab(tab);
      await settle(world, chances);
      expect(world.openConnections, `seed ${seed}`).toBe(0);
    }
  },
  60_000,
);

async function act(world: World, chances: Chances): Promise<void> {
  const chance = chances.below(100);
  if (chance < 20) world.server.publish();
  else if (chance < 24) await vi.advanceTimersByTimeAsync(chances.below(4_000));
  else if (chance < 26) world.cut();
  else if (chance < 29) rarely(world, chances);
  else if (chance < 32 && world.tabs.length > 0) void chances.pick(world.tabs).resource.load();
  else world.deliverOne(chances);
  await vi.advanceTimersByTimeAsync(chances.below(8));
}

function rarely(world: World, chances: Chances): void {
  const chance = chances.below(10);
  if (chance < 3 && world.tabs.length < 4) world.openTab();
  else if (chance < 5 && world.tabs.length > 0) world.closeTab(chances.pick(world.tabs));
  else if (chance < 7 && world.tabs.length > 0) chances.pick(world.tabs).watch();
  else if (chance < 9) world.server.trim();
  else world.server.restore();
}

/** Nothing happens any more, and everything arrives; the longest wait before coming back is over. */
async function settle(world: World, chances: Chances): Promise<void> {
  for (let rounds = 0; rounds < 9; rounds++) {
    while (world.deliverOne(chances)) await vi.advanceTimersByTimeAsync(0);
    await vi.advanceTimersByTimeAsync(3_000);
  }
}
