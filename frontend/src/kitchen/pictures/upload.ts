/**
 * Sends a file by tus: where a connection breaks it goes on by itself, and after a reload the same file chosen again
 * goes on where it stood.
 */
import { t } from "../../i18n";
import { objection } from "./image";
import { type Sending, sending } from "./images";

const CHUNK_BYTES = 2_000_000;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

/** Send `file` for an item; `onArrived` when the server has all of it. */
export async function send(itemId: string, file: File, replaces: string | null, onArrived: () => void): Promise<void> {
  const key = crypto.randomUUID();
  const drop = () => (sending.value = sending.value.filter((one) => one.key !== key));
  const change = (what: Partial<Sending>) =>
    (sending.value = sending.value.map((one) => (one.key === key ? { ...one, ...what } : one)));
  const problem = objection(file);
  const begun = { key, itemId, name: file.name, sent: 0, bytes: file.size, problem, again: null, cancel: drop };
  sending.value = [...sending.value, begun];
  if (problem) return;
  const { Upload } = await import("tus-js-client");
  const query = replaces ? `?replaces=${replaces}` : "";
  const upload = new Upload(file, {
    endpoint: `${location.origin}/v1/menu-items/${itemId}/images${query}`,
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, filetype: file.type },
    onProgress: (sent) => change({ sent }),
    onSuccess: () => {
      onArrived();
      drop();
    },
    onError: (error) => change({ problem: sentenceOf(error), again }),
  });
  const again = () => {
    change({ problem: null, again: null });
    upload.start();
  };
  change({
    cancel: () => {
      drop();
      void upload.abort(true).catch(() => undefined);
    },
  });
  const [earlier] = await upload.findPreviousUploads();
  if (earlier) upload.resumeFromPreviousUpload(earlier);
  upload.start();
}

/** The server's own words where it gave any. */
function sentenceOf(error: unknown): string {
  const response = (error as { originalResponse?: { getBody(): string } | null }).originalResponse;
  try {
    const body = JSON.parse(response?.getBody() ?? "") as { detail?: string };
    if (body.detail) return body.detail;
  } catch {
    // no answer, or none of ours
  }
  return t("error.unreachable");
}
