import { describe, expect, it } from "vitest";
import {
  applyToChat,
  beginsDay,
  type Chat,
  earlierThan,
  goesOn,
  hasUndelivered,
  type Message,
  placeInLine,
  previewOf,
  tickOf,
  toMarkAsRead,
  unreadOf,
  withEarlier,
} from "../../src/chat/chat";
import type { LiveEvent } from "../../src/live";

const STATUS = {
  state: "assigned" as const,
  place: 7,
  agent_name: "Aino",
  waiting_since: "2026-06-01T10:00:00Z",
  resolved_at: null,
  rating: null,
  rating_comment: null,
};

function message(seq: number, author: Message["author"] = "agent", sent_at = "2026-06-01T10:00:00Z"): Message {
  return {
    message_id: `m${seq}`,
    client_id: author === "system" ? null : `c${seq}`,
    seq,
    author,
    author_name: "Aino",
    code: author === "system" ? "assigned" : null,
    text: author === "system" ? "" : `Number ${seq}`,
    attachments: [],
    sent_at,
  };
}

function chat(side: Chat["side"], ...messages: Message[]): Chat {
  return {
    side,
    conversation: {
      conversation_id: "1",
      customer_id: "2",
      customer_name: "Kaisa",
      order_id: null,
      order_number: null,
      restaurant_name: null,
      opened_at: "2026-06-01T10:00:00Z",
      status: STATUS,
      last_seq: messages.at(-1)?.seq ?? 0,
      customer_marks: { delivered: 0, read: 0 },
      agent_marks: { delivered: 0, read: 0 },
      unread: 0,
      last_message: messages.at(-1) ?? null,
    },
    messages,
    presence: { customer: true, agent: true },
  };
}

function sent(message: Message): LiveEvent {
  const data = { message };
  return { topic: "conversation.1", epoch: "a", seq: message.seq, type: "message.sent", at: "", data };
}

function marked(side: "customer" | "agent", delivered: number, read: number): LiveEvent {
  const data = { side, marks: { delivered, read } };
  return { topic: "conversation.1", epoch: "a", seq: 9, type: "marks.advanced", at: "", data };
}

describe("what was said", () => {
  it("grows by each message once", () => {
    const first = applyToChat(chat("customer"), sent(message(1, "customer")));
    const again = applyToChat(first, sent(message(1, "customer")));
    const second = applyToChat(again, sent(message(2)));
    expect(second.messages.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(second.conversation.last_seq).toBe(2);
  });

  it("keeps a person's words as the last ones", () => {
    const after = applyToChat(chat("agent", message(1)), sent(message(2, "system")));
    expect(previewOf(after.conversation, "picture")).toBe("Number 1");
    expect(after.conversation.last_seq).toBe(2);
  });

  it("takes what was said earlier in front, without doubles", () => {
    const before = chat("customer", message(3), message(4));
    expect(earlierThan(before)).toBe(3);
    const after = withEarlier(before, [message(1), message(2), message(3)]);
    expect(after.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(earlierThan(after)).toBeNull();
  });

  it("is grouped by person, minute and day", () => {
    const [one, soon, late] = [message(1), message(2), message(3, "agent", "2026-06-01T10:05:00Z")] as const;
    expect(goesOn(soon, one)).toBe(true);
    expect(goesOn(late, soon)).toBe(false);
    expect(goesOn(message(4, "customer"), soon)).toBe(false);
    expect(goesOn(one, undefined)).toBe(false);
    expect(beginsDay(one, undefined)).toBe(true);
    expect(beginsDay(message(5, "agent", "2026-06-03T10:00:00Z"), one)).toBe(true);
  });
});

describe("how far it has come", () => {
  it("shows the other side's marks on own messages", () => {
    let now = chat("customer", message(1, "customer"), message(2, "customer"), message(3, "customer"));
    now = applyToChat(now, marked("agent", 2, 1));
    expect(now.messages.map((one) => tickOf(now, one))).toEqual(["read", "delivered", "sent"]);
  });

  it("counts what the other person wrote after the own mark", () => {
    let now = chat("customer", message(1, "customer"), message(2, "system"), message(3), message(4));
    expect([unreadOf(now), toMarkAsRead(now)]).toEqual([2, 4]);
    now = applyToChat(now, marked("customer", 4, 3));
    expect(unreadOf(now)).toBe(1);
    now = applyToChat(now, marked("customer", 4, 4));
    expect([unreadOf(now), toMarkAsRead(now)]).toEqual([0, null]);
  });

  it("is told as delivered once, and only of the other person's words", () => {
    let now = chat("customer", message(1, "customer"), message(2, "system"));
    expect(hasUndelivered(now)).toBe(false);
    now = applyToChat(now, sent(message(3)));
    expect(hasUndelivered(now)).toBe(true);
    now = applyToChat(now, marked("customer", 3, 0));
    expect(hasUndelivered(now)).toBe(false);
  });

  it("is nobody's business who only looks", () => {
    expect(unreadOf(chat(null, message(1)))).toBe(0);
    expect(hasUndelivered(chat(null, message(1)))).toBe(false);
  });
});

describe("the place in line", () => {
  const waiting = { ...chat("customer").conversation, status: { ...STATUS, state: "waiting" as const } };

  it("is where its number stands", () => {
    expect(placeInLine(waiting, [3, 5, 7])).toBe(3);
    expect(placeInLine(waiting, [7])).toBe(1);
  });

  it("is unknown far behind, and nothing once somebody has it", () => {
    expect(placeInLine(waiting, [1, 2])).toBeNull();
    expect(placeInLine(chat("customer").conversation, [7])).toBeNull();
  });
});
