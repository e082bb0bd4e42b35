import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  applyToDesk,
  bodyOf,
  type Draft,
  EMPTY,
  formOf,
  fromLocal,
  isComplete,
  previewOf,
  toLocal,
} from "../../src/admin/composing";

const DRAFT: Draft = {
  announcement_id: "a",
  audience: { kind: "city", name: "Turku", restaurant_id: null },
  severity: "warning",
  texts: { fi: { title: "Lunta", body: "Hitaasti" } },
  link: null,
  publishes_at: "2026-06-01T18:00:30.500Z",
  expires_at: "2026-06-02T18:00:00Z",
  version: 3,
  state: "scheduled",
  author_name: "Ada",
  created_at: "2026-06-01T12:00:00Z",
  ended_at: null,
  read_by: 0,
};

describe("an announcement in a form", () => {
  const zone = process.env["TZ"];
  beforeEach(() => {
    process.env["TZ"] = "Europe/Helsinki";
  });
  afterEach(() => {
    process.env["TZ"] = zone;
  });

  it("has its times in the writer's zone, summer and winter", () => {
    expect(toLocal("2026-06-01T18:00:00Z")).toBe("2026-06-01T21:00");
    expect(toLocal("2026-12-31T23:30:00Z")).toBe("2027-01-01T01:30");
    expect(fromLocal("2026-06-01T21:00")).toBe("2026-06-01T18:00:00.000Z");
    expect(fromLocal("2027-01-01T01:30")).toBe("2026-12-31T23:30:00.000Z");
    expect(fromLocal("")).toBeNull();
  });

  it("comes out as it went in, to the second", () => {
    const body = bodyOf(formOf(DRAFT), DRAFT);
    expect(body).toEqual({
      audience: { kind: "city", city: "Turku" },
      severity: "warning",
      texts: { fi: { title: "Lunta", body: "Hitaasti" } },
      link: null,
      publishes_at: DRAFT.publishes_at,
      expires_at: DRAFT.expires_at,
    });
  });

  it("says no end where none was said, so that it moves with its beginning", () => {
    const longest = { ...DRAFT, publishes_at: "2026-06-01T18:00:00Z", expires_at: "2026-08-30T18:00:00Z" };
    expect(formOf(longest).expiresAt).toBe("");
    expect(bodyOf({ ...formOf(longest), publishesAt: "" }, longest)).toMatchObject({
      publishes_at: null,
      expires_at: null,
    });
  });

  it("is complete with a title and an audience", () => {
    const written = { ...EMPTY, en: { title: "Rain", body: "" } };
    expect(isComplete(EMPTY)).toBe(false);
    expect(isComplete(written)).toBe(true);
    expect(isComplete({ ...written, kind: "city", city: "  " })).toBe(false);
    expect(isComplete({ ...written, kind: "restaurant" })).toBe(false);
    expect(isComplete({ ...written, kind: "restaurant", restaurantId: "r" })).toBe(true);
  });

  it("is previewed in each language it is written in, whatever the link looks like so far", () => {
    const form = { ...EMPTY, en: { title: "Rain", body: "" }, link: "htt" };
    const now = new Date("2026-06-01T12:00:00Z");
    expect(previewOf(form, "fi", "", now)).toBeNull();
    expect(previewOf(form, "en", "", now)).toMatchObject({ link: null, publishes_at: now.toISOString() });
    expect(previewOf({ ...form, link: "https://example.org" }, "en", "", now)?.link).toBe("https://example.org");
  });
});

describe("the list", () => {
  it("changes what is there and begins with what is new", () => {
    const other = { ...DRAFT, announcement_id: "b" };
    const list = applyToDesk([DRAFT], other);
    expect(list.map((one) => one.announcement_id)).toEqual(["b", "a"]);
    const changed = applyToDesk(list, { ...DRAFT, state: "published" as const });
    expect(changed.map((one) => [one.announcement_id, one.state])).toEqual([
      ["b", "scheduled"],
      ["a", "published"],
    ]);
  });
});
