/** An upload as its owner sees it: how it stands, why it came to nothing, and what can be said before it is sent. */
import type { Schemas } from "../app/api";
import { t, tOr } from "../i18n";
import type { LiveEvent } from "../live";

export type ImageView = Schemas["ImageView"];

export const MOST_IMAGES = 5;
export const ACCEPT = "image/jpeg,image/png,image/webp,image/avif";
const MOST_BYTES = 20_000_000;

/** What can be said of a file before it is sent; null if nothing is wrong with it. */
export function objection(file: Pick<File, "size" | "type" | "name">): string | null {
  if (file.size === 0) return failure("empty", "");
  if (file.size > MOST_BYTES) return failure("too_large", "");
  const kind = file.type || kindByName(file.name);
  if (kind === "image/heic" || kind === "image/heif") return failure("heic", "");
  if (kind === "image/svg+xml") return failure("svg", "");
  // what the browser does not know is for the server to say
  if (kind && !ACCEPT.split(",").includes(kind)) return failure("unsupported_type", "");
  return null;
}

function kindByName(name: string): string {
  return /\.hei[cf]$/i.test(name) ? "image/heic" : "";
}

/** Why an upload came to nothing, in the reader's language where we have words for it. */
export function failure(code: string, message: string): string {
  return tOr(`image.failed.${code}`, message);
}

export function advice(verdict: { code: string; message: string }): string {
  return tOr(`image.verdict.${verdict.code}`, verdict.message);
}

/** Where an upload stands, in words. */
export function step(image: Pick<ImageView, "state" | "progress">): string {
  if (image.state === "uploading") return t("image.uploading");
  if (image.state === "received") return t("image.received");
  if (image.progress < 10) return t("image.checking");
  if (image.progress < 50) return t("image.reading");
  if (image.progress < 90) return t("image.making");
  return t("image.publishing");
}

export function applyToImage(image: ImageView, event: LiveEvent): ImageView {
  switch (event.type) {
    case "image.progress":
      return { ...image, state: event.data.state, progress: event.data.progress, code: null, message: null };
    case "image.complete": {
      const { picture, verdicts } = event.data;
      return { ...image, state: "complete", progress: 100, picture, verdicts };
    }
    case "image.failed": {
      const { code, message, can_retry } = event.data;
      return { ...image, state: "failed", code, message, can_retry };
    }
    default:
      return image;
  }
}

/** The ids with one of them a place further on or back. */
export function moved(ids: readonly string[], id: string, by: -1 | 1): string[] {
  const from = ids.indexOf(id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= ids.length) return [...ids];
  const without = ids.filter((one) => one !== id);
  return [...without.slice(0, to), id, ...without.slice(to)];
}
