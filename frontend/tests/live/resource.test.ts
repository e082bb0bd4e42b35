/** A resource between a server's snapshots and its events. */
import { beforeEach, expect, test, vi } from "vitest";
import { NotLoadable, Resource, type Snapshot } from "../../src/live/resource";
import { lost, ok, Scene, TOPIC } from "./scripted";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

type Numbers = readonly number[];

/** A resource whose state is the numbers it has seen; `answer` and `refuse` end its oldest load. */
class Loads {
  readonly resource: Resource<Numbers>;
  readonly scene = new Scene();
  loads = 0;
  apply = (state: Numbers, seq: number): Numbers => [...state, seq];
  outdating: number[] = [];
  private readonly waiting: ((answer: Snapshot<Numbers> | Error) => void)[] = [];

  constructor() {
    this.resource = new Resource<Numbers>(this.scene.tab().live, {
      topic: TOPIC,
      load: () => {
        this.loads += 1;
        return new Promise((resolve, reject) =>
          this.waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
        );
      },
      apply: (state, event) => this.apply(state, event.seq),
      outdates: (event) => this.outdating.includes(event.seq),
    });
  }

  async answer(upTo: number, epoch = "e"): Promise<void> {
    const state = Array.from({ length: upTo }, (_, index) => index + 1);
    this.waiting.shift()?.({ state, position: `${epoch}:${upTo}` });
    await vi.advanceTimersByTimeAsync(10);
  }

  async refuse(error: Error): Promise<void> {
    this.waiting.shift()?.(error);
    await vi.advanceTimersByTimeAsync(0);
  }

  get shown(): [string, number | undefined] {
    return [this.resource.status.value, this.resource.value.value?.at(-1)];
  }
}

async function live(): Promise<Loads> {
  const loads = new Loads();
  await loads.answer(3);
  loads.scene.wire.open(ok(3));
  return loads;
}

test("it loads, follows from the snapshot's position, and is live once the server serves it", async () => {
  const loads = new Loads();
  expect(loads.shown).toEqual(["loading", undefined]);
  await loads.answer(3);
  expect(loads.scene.wire.topics).toEqual({ [TOPIC]: "e:3" });
  expect(loads.shown).toEqual(["loading", 3]);
  loads.scene.wire.open(ok(3));
  loads.scene.wire.events(4, 5);
  expect(loads.shown).toEqual(["live", 5]);
  expect(loads.resource.value.value).toEqual([1, 2, 3, 4, 5]);
});

test("it is old while the connection is away, and live again without another snapshot", async () => {
  const { resource, scene, ...loads } = await live();
  scene.wire.end();
  expect(resource.status.value).toBe("old");
  vi.advanceTimersByTime(1_000);
  scene.wire.open(ok(3));
  scene.wire.events(4);
  expect([resource.status.value, resource.value.value, loads.loads]).toEqual(["live", [1, 2, 3, 4], 1]);
});

test("a reset loads anew; until the snapshot is here it is old and no event fits", async () => {
  const loads = await live();
  loads.scene.wire.sync(lost("trimmed", 9));
  loads.scene.wire.events(10);
  expect(loads.shown).toEqual(["old", 3]);
  await loads.answer(9);
  expect(loads.shown).toEqual(["live", 10]);
  expect(loads.resource.value.value).toHaveLength(10);
});

test("a snapshot that is older than the state goes on from there, whatever is on its way", async () => {
  const loads = await live();
  loads.scene.wire.events(4, 5);
  void loads.resource.load();
  loads.scene.wire.events(6);
  await loads.answer(4);
  loads.scene.wire.events(7);
  expect(loads.resource.value.value).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("a load that fails is tried again with growing pauses; the error shows until one succeeds", async () => {
  const loads = new Loads();
  await loads.refuse(new Error("no answer"));
  expect([loads.shown[0], loads.resource.error.value?.message]).toEqual(["loading", "no answer"]);
  await vi.advanceTimersByTimeAsync(1_000);
  await loads.refuse(new Error("no answer"));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(loads.loads).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  await loads.answer(3);
  expect([loads.loads, loads.resource.error.value]).toEqual([3, undefined]);
});

test("what cannot be loaded is not asked for again", async () => {
  const loads = new Loads();
  await loads.refuse(new NotLoadable("There is no such order."));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([loads.loads, loads.shown[0]]).toEqual([1, "failed"]);
});

test("loads that are asked for at once are one, and one by hand takes the place of a later one", async () => {
  const loads = new Loads();
  await loads.refuse(new Error("no answer"));
  void loads.resource.load();
  void loads.resource.load();
  await loads.answer(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(loads.loads).toBe(2);
});

test("a topic that may not be read is forbidden, and live again when it may", async () => {
  const loads = await live();
  loads.scene.wire.sync({ topic: TOPIC, ok: false, reason: "forbidden" });
  expect(loads.shown).toEqual(["forbidden", 3]);
  loads.scene.wire.sync(lost("position", 7));
  await loads.answer(7);
  expect(loads.shown).toEqual(["live", 7]);
});

test("an event that cannot be applied is made good by a snapshot", async () => {
  const complaint = vi.spyOn(console, "error").mockReturnValue(undefined);
  const loads = await live();
  loads.apply = () => {
    throw new Error("a fault in the app");
  };
  loads.scene.wire.events(4);
  expect(complaint).toHaveBeenCalledOnce();
  expect(loads.shown).toEqual(["old", 3]);
  loads.apply = (state, seq) => [...state, seq];
  await loads.answer(4);
  loads.scene.wire.events(5);
  expect(loads.shown).toEqual(["live", 5]);
});

test("after an event that outdates the state another snapshot is loaded, and again if it came too early", async () => {
  const loads = await live();
  loads.outdating = [4, 6];
  loads.scene.wire.events(4);
  expect([loads.shown, loads.loads]).toEqual([["old", 4], 2]);
  loads.scene.wire.events(5, 6);
  await loads.answer(5);
  expect([loads.shown, loads.loads]).toEqual([["old", 6], 3]);
  await loads.answer(6);
  loads.scene.wire.events(7);
  expect([loads.shown, loads.loads]).toEqual([["live", 7], 3]);
});

test("a patch shows at once and the next event has the last word", async () => {
  const loads = await live();
  loads.resource.patch((state) => [...state, 99]);
  expect(loads.shown).toEqual(["live", 99]);
  loads.apply = (state, seq) => [...state.filter((number) => number !== 99), seq];
  loads.scene.wire.events(4);
  expect(loads.resource.value.value).toEqual([1, 2, 3, 4]);
});

test("stopped, it neither follows nor loads any more", async () => {
  const loads = await live();
  loads.resource.stop();
  loads.scene.wire.events(4);
  expect([loads.resource.value.value?.length, loads.scene.wire.left]).toEqual([3, [TOPIC]]);
  const early = new Loads();
  early.resource.stop();
  await early.answer(3);
  expect([early.scene.wires.length, early.resource.value.value]).toEqual([0, undefined]);
});

test("two resources of a tab on one topic each see every event once", async () => {
  const first = await live();
  first.scene.wire.events(4);
  const tab = first.scene.tab();
  const load = (upTo: number) => () => Promise.resolve({ state: [upTo], position: `e:${upTo}` });
  const apply = (state: Numbers, { seq }: { seq: number }) => [...state, seq];
  const ahead = new Resource<Numbers>(tab.live, { topic: TOPIC, load: load(4), apply });
  await vi.advanceTimersByTimeAsync(0);
  const behind = new Resource<Numbers>(tab.live, { topic: TOPIC, load: load(2), apply });
  await vi.advanceTimersByTimeAsync(0);
  first.scene.wire.sync(ok(2, { to: 4 }));
  first.scene.wire.events(3, 4, 5);
  expect([ahead.value.value, behind.value.value, first.resource.value.value]).toEqual([
    [4, 5],
    [2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ]);
});
