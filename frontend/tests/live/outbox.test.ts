import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { IndexedDbOutbox, type Waiting } from "../../src/live/outbox";

beforeEach(() => void (globalThis.indexedDB = new IDBFactory()));

function waiting(id: string, madeAt: number): Waiting {
  return { id, account: "ada", name: "ticket.accept", data: { minutes: 5 }, madeAt, expiresAt: madeAt + 1 };
}

test("what was put is there after a reload, the oldest one first", async () => {
  const outbox = new IndexedDbOutbox("a");
  await Promise.all([outbox.put(waiting("x", 2)), outbox.put(waiting("z", 1)), outbox.put(waiting("y", 3))]);
  expect((await new IndexedDbOutbox("a").all()).map(({ id }) => id)).toEqual(["z", "x", "y"]);
});

test("what was removed is gone, and removing it again does no harm", async () => {
  const outbox = new IndexedDbOutbox("a");
  await outbox.put(waiting("x", 1));
  await outbox.remove("x");
  await outbox.remove("x");
  expect(await new IndexedDbOutbox("a").all()).toEqual([]);
});

test("the same id is one command", async () => {
  const outbox = new IndexedDbOutbox("a");
  await outbox.put(waiting("x", 1));
  await outbox.put(waiting("x", 2));
  expect(await outbox.all()).toEqual([waiting("x", 2)]);
});

test("boxes of other names are apart", async () => {
  await new IndexedDbOutbox("a").put(waiting("x", 1));
  expect(await new IndexedDbOutbox("b").all()).toEqual([]);
});

test("a write that fails says so", async () => {
  const outbox = new IndexedDbOutbox("a");
  const unwritable = { ...waiting("x", 1), data: () => undefined };
  await expect(outbox.put(unwritable)).rejects.toThrow();
  await outbox.put(waiting("y", 1));
  expect(await outbox.all()).toHaveLength(1);
});
