import { describe, expect, it } from "vitest";
import type { LiveEvent } from "../../src/live";
import { applyToImage, failure, type ImageView, moved, objection, step } from "../../src/images/image";
import { srcset } from "../../src/ui/picture";

const IMAGE: ImageView = {
  id: "i",
  state: "received",
  progress: 0,
  file_name: "soup.jpg",
  bytes: 10,
  received_bytes: 10,
  created_at: "2026-01-01T00:00:00Z",
  code: null,
  message: null,
  can_retry: false,
  verdicts: [],
  picture: null,
  replaces: null,
  position: null,
};

function event(type: string, data: object): LiveEvent {
  return { topic: "image.i", epoch: "e", seq: 1, type, at: "2026-01-01T00:00:00Z", data } as unknown as LiveEvent;
}

describe("an upload", () => {
  it("is folded from its events", () => {
    const processing = applyToImage(
      IMAGE,
      event("image.progress", { image_id: "i", state: "processing", progress: 50 }),
    );
    expect([processing.state, processing.progress]).toEqual(["processing", 50]);
    const failed = applyToImage(
      processing,
      event("image.failed", { code: "truncated", message: "m", can_retry: false }),
    );
    expect([failed.state, failed.code, failed.message]).toEqual(["failed", "truncated", "m"]);
    const again = applyToImage(failed, event("image.progress", { image_id: "i", state: "received", progress: 0 }));
    expect([again.state, again.code]).toEqual(["received", null]);
    const picture = { image_id: "i", width: 1, height: 1, blurhash: "x", sources: [] };
    const done = applyToImage(again, event("image.complete", { image_id: "i", picture, verdicts: [] }));
    expect([done.state, done.progress, done.picture]).toEqual(["complete", 100, picture]);
  });

  it("says its step in words", () => {
    const words = [0, 10, 50, 90].map((progress) => step({ state: "processing", progress }));
    expect(new Set(words).size).toBe(4);
    expect(step({ state: "received", progress: 0 })).toBe("Received, waiting its turn");
  });

  it("falls back to the server's words for a failure we do not know", () => {
    expect(failure("truncated", "m")).toContain("damaged");
    expect(failure("of_tomorrow", "The server's words.")).toBe("The server's words.");
  });
});

describe("a file before it is sent", () => {
  it.each([
    ["soup.jpg", "image/jpeg", 10, null],
    ["soup", "", 10, null],
    ["soup.jpg", "image/jpeg", 0, "empty"],
    ["soup.jpg", "image/jpeg", 20_000_001, "20 MB"],
    ["IMG.HEIC", "", 10, "Most Compatible"],
    ["a.svg", "image/svg+xml", 10, "PNG"],
    ["a.txt", "text/plain", 10, "not a JPEG"],
  ])("%s of type '%s' with %i bytes", (name, type, size, words) => {
    const said = objection({ name, type, size });
    if (words === null) expect(said).toBeNull();
    else expect(said).toContain(words);
  });
});

describe("the order of pictures", () => {
  it("moves one a place, and not past the ends", () => {
    expect(moved(["a", "b", "c"], "b", -1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], "b", 1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b"], "a", -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], "x", 1)).toEqual(["a", "b"]);
  });
});

it("srcset names the widths of one kind", () => {
  const sources = [
    { url: "/media/1", width: 160, media_type: "image/webp" },
    { url: "/media/2", width: 160, media_type: "image/jpeg" },
    { url: "/media/3", width: 480, media_type: "image/webp" },
  ];
  const picture = { image_id: "i", width: 480, height: 360, blurhash: "x", sources };
  expect(srcset(picture, "image/webp")).toBe("/media/1 160w, /media/3 480w");
});
