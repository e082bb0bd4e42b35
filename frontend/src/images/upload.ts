/**
 * Sends a file by tus: where a connection breaks it goes on by itself, and after a reload the same file chosen again
 * goes on where it stood.
 */
import { t } from "../i18n";

const CHUNK_BYTES = 2_000_000;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

export interface UploadListener {
  sent(bytes: number): void;
  /** the server has all of it, as this image */
  arrived(imageId: string): void;
  /** it does not go on; `start` tries again */
  failed(sentence: string): void;
}

export interface Uploading {
  start(): void;
  /** Give it up, here and at the server. */
  abort(): void;
}

/** Get ready to send `file` to a path that takes uploads; `start` begins. */
export async function prepareUpload(path: string, file: File, listener: UploadListener): Promise<Uploading> {
  const { Upload } = await import("tus-js-client");
  const upload = new Upload(file, {
    endpoint: `${location.origin}${path}`,
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, filetype: file.type },
    onProgress: (sent) => listener.sent(sent),
    onSuccess: () => listener.arrived(upload.url?.split("/").at(-1) ?? ""),
    onError: (error) => listener.failed(sentenceOf(error)),
  });
  const [earlier] = await upload.findPreviousUploads();
  if (earlier) upload.resumeFromPreviousUpload(earlier);
  return { start: () => upload.start(), abort: () => void upload.abort(true).catch(() => undefined) };
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
