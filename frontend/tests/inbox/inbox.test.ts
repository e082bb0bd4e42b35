import { describe, expect, it } from "vitest";
import { type Announcement, applyToInbox, inOrder, mayMove, wordsOf } from "../../src/inbox/inbox";
import type { LiveEvent } from "../../src/live";

function announcement(id: string, changes: Partial<Announcement> = {}): Announcement {
  return {
    announcement_id: id,
    audience: { kind: "everyone", name: "", restaurant_id: null },
    severity: "info",
    texts: { en: { title: `Title ${id}`, body: "" } },
    link: null,
    publishes_at: "2026-06-01T12:00:00Z",
    expires_at: "2026-07-01T12:00:00Z",
    version: 1,
    read_at: null,
    ...changes,
  };
}

function event(type: string, data: object): LiveEvent {
  return { topic: "announcements.everyone", epoch: "e", seq: 1, type, at: "", data } as unknown as LiveEvent;
}

const idsOf = (inbox: readonly Announcement[]) => inbox.map((one) => one.announcement_id);

describe("an inbox", () => {
  it("has what was published, once", () => {
    const published = event("announcement.published", { announcement: announcement("a") });
    const inbox = applyToInbox(applyToInbox([], published), published);
    expect(idsOf(inbox)).toEqual(["a"]);
    expect(inbox[0]?.read_at).toBeNull();
  });

  it("keeps the mark of what was changed, and knows nothing of what it never had", () => {
    const before = [announcement("a", { read_at: "2026-06-02T00:00:00Z" })];
    const texts = { en: { title: "Corrected", body: "" } };
    const words: Partial<Announcement> = announcement("a", { texts });
    delete words.read_at;
    const changed = event("announcement.changed", { announcement: words });
    const [after] = applyToInbox(before, changed);
    expect(after?.texts.en?.title).toBe("Corrected");
    expect(after?.read_at).toBe("2026-06-02T00:00:00Z");
    expect(applyToInbox([], changed)).toEqual([]);
  });

  it("loses what was withdrawn or has expired", () => {
    const inbox = [announcement("a"), announcement("b")];
    expect(idsOf(applyToInbox(inbox, event("announcement.withdrawn", { announcement_id: "a" })))).toEqual(["b"]);
    expect(idsOf(applyToInbox(inbox, event("announcement.expired", { announcement_id: "b" })))).toEqual(["a"]);
  });

  it("marks what another device has read, and keeps the first time", () => {
    const first = "2026-06-02T00:00:00Z";
    const inbox = [announcement("a", { read_at: first }), announcement("b"), announcement("c")];
    const read = event("announcements.read", { announcement_ids: ["a", "b"], read_at: "2026-06-03T00:00:00Z" });
    expect(applyToInbox(inbox, read).map((one) => one.read_at)).toEqual([first, "2026-06-03T00:00:00Z", null]);
  });

  it("shows unread first, then the newest", () => {
    const read = { read_at: "2026-06-09T00:00:00Z" };
    const inbox = [
      announcement("old", { publishes_at: "2026-06-01T00:00:00Z" }),
      announcement("read", { publishes_at: "2026-06-05T00:00:00Z", ...read }),
      announcement("new", { publishes_at: "2026-06-03T00:00:00+03:00" }),
    ];
    expect(idsOf(inOrder(inbox))).toEqual(["new", "old", "read"]);
  });

  it("is asked for anew when somebody may belong to others", () => {
    for (const type of ["role.granted", "role.revoked", "membership.revoked", "address.changed", "address.removed"])
      expect(mayMove(event(type, {}))).toBe(true);
    for (const type of ["announcement.published", "account.changed", "announcements.read"])
      expect(mayMove(event(type, {}))).toBe(false);
  });
});

describe("words", () => {
  const both = { en: { title: "Rain", body: "" }, fi: { title: "Lunta", body: "" } };

  it("are in the reader's language where there are any, else in the other, which is said", () => {
    expect(wordsOf({ texts: both }, "fi")).toMatchObject({ title: "Lunta", lang: "fi" });
    expect(wordsOf({ texts: { en: both.en } }, "fi")).toMatchObject({ title: "Rain", lang: "en" });
    expect(wordsOf({ texts: { fi: both.fi } }, "en")).toMatchObject({ title: "Lunta", lang: "fi" });
  });
});
