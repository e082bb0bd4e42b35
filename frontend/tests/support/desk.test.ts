import { describe, expect, it } from "vitest";
import type { LiveEvent } from "../../src/live";
import type { Conversation } from "../../src/chat/chat";
import { type Agent, applyToFloor, applyToMine, type Mine, offered, opened, withRoom } from "../../src/support/desk";

function agent(account_id: string, load = 0, changes: Partial<Agent> = {}): Agent {
  return { account_id, name: account_id, available: true, connected: true, capacity: 3, load, ...changes };
}

function event(type: string, data: unknown): LiveEvent {
  return { topic: "", epoch: "a", seq: 1, type, at: "", data } as LiveEvent;
}

const conversation = (conversation_id: string) => ({ conversation_id }) as Conversation;
const idsOf = (mine: Mine) => mine.conversations.map((one) => one.conversation_id);

describe("the own conversations", () => {
  it("come and go, and the last one that went says why", () => {
    let mine: Mine = { me: agent("me"), conversations: [conversation("1")], left: null };
    mine = applyToMine(mine, event("agent.conversation_taken", { conversation: conversation("2") }));
    mine = applyToMine(mine, event("agent.conversation_taken", { conversation: conversation("2") }));
    expect(idsOf(mine)).toEqual(["1", "2"]);
    mine = applyToMine(mine, event("agent.conversation_left", { conversation_id: "1", reason: "transferred" }));
    expect(idsOf(mine)).toEqual(["2"]);
    expect(mine.left).toEqual({ id: "1", reason: "transferred" });
    mine = applyToMine(mine, event("agent.changed", { agent: agent("me", 1) }));
    expect(mine.me.load).toBe(1);
  });
});

describe("the floor", () => {
  it("knows who is at work, by name", () => {
    let floor = { waiting: [], total: 0, agents: [agent("Mikko")] } as Parameters<typeof applyToFloor>[0];
    floor = applyToFloor(floor, event("agent.changed", { agent: agent("Aino") }));
    expect(floor.agents.map(({ name }) => name)).toEqual(["Aino", "Mikko"]);
    floor = applyToFloor(floor, event("agent.changed", { agent: agent("Mikko", 0, { connected: false }) }));
    expect(floor.agents.map(({ name }) => name)).toEqual(["Aino"]);
  });

  it("hands over only to who is there and has room", () => {
    const all = [
      agent("me"),
      agent("free"),
      agent("full", 3),
      agent("away", 0, { connected: false }),
      agent("off", 0, { available: false }),
    ];
    expect(withRoom(all, "me").map(({ name }) => name)).toEqual(["free"]);
  });
});

describe("the columns", () => {
  it("fill up, then the one left longest ago makes room", () => {
    expect(opened([], "a", 2, ["a"])).toEqual(["a"]);
    expect(opened(["a"], "b", 2, ["a", "b"])).toEqual(["a", "b"]);
    expect(opened(["a", "b"], "c", 2, ["b", "a", "c"])).toEqual(["a", "c"]);
    expect(opened(["a", "b"], "a", 2, ["b", "a"])).toEqual(["a", "b"]);
  });
});

describe("prepared answers", () => {
  const answers = ["hello", "help", "bye"].map((shortcut) => ({ canned_answer_id: shortcut, shortcut, text: "…" }));
  const found = (text: string) => offered(text, answers)?.map((one) => one.shortcut) ?? null;

  it("are asked for by a slash at the beginning alone", () => {
    expect(found("/")).toEqual(["hello", "help", "bye"]);
    expect(found("/he")).toEqual(["hello", "help"]);
    expect(found("/HELP")).toEqual(["help"]);
    expect(found("/x")).toEqual([]);
    expect(found("and/or")).toBeNull();
    expect(found("/hello there")).toBeNull();
  });
});
