/** Pictures for a message: sent and made before the message is, so that a message always shows what it has. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { actingLive } from "../app/session";
import { failure, objection } from "../images/image";
import { imageOf } from "../images/resource";
import { prepareUpload } from "../images/upload";
import { Resource } from "../live";
import type { PictureView } from "../ui/picture";

export const MOST_ATTACHMENTS = 5;

export interface Attachment {
  key: string;
  name: string;
  /** of 100: the upload is the first half, the making the second */
  progress: number;
  picture: PictureView | null;
  problem: string | null;
}

export interface Attachments {
  all: readonly Attachment[];
  /** all of them can be sent */
  ready: boolean;
  add(files: Iterable<File>): void;
  remove(key: string): void;
  clear(): void;
}

export function useAttachments(conversationId: string): Attachments {
  const all = useSignal<readonly Attachment[]>([]);
  const ends = useRef(new Map<string, () => void>());
  useEffect(() => () => ends.current.forEach((end) => end()), []);
  const change = (key: string, what: Partial<Attachment>) =>
    (all.value = all.value.map((one) => (one.key === key ? { ...one, ...what } : one)));

  const follow = (key: string, imageId: string) => {
    const image = new Resource(actingLive(), imageOf(imageId));
    const unsubscribe = image.value.subscribe((view) => {
      if (!view) return;
      const problem = view.state === "failed" ? failure(view.code ?? "", view.message ?? "") : null;
      change(key, { progress: 50 + view.progress / 2, picture: view.picture, problem });
    });
    ends.current.set(key, () => {
      unsubscribe();
      image.stop();
    });
  };

  const begin = async (key: string, file: File) => {
    const upload = await prepareUpload(`/v1/conversations/${conversationId}/images`, file, {
      sent: (sent) => change(key, { progress: (50 * sent) / file.size }),
      arrived: (imageId) => follow(key, imageId),
      failed: (problem) => change(key, { problem }),
    });
    ends.current.set(key, () => upload.abort());
    upload.start();
  };

  const add = (files: Iterable<File>) => {
    for (const file of [...files].slice(0, MOST_ATTACHMENTS - all.peek().length)) {
      const key = crypto.randomUUID();
      const problem = objection(file);
      all.value = [...all.value, { key, name: file.name, progress: 0, picture: null, problem }];
      if (problem === null) void begin(key, file);
    }
  };
  const remove = (key: string) => {
    ends.current.get(key)?.();
    ends.current.delete(key);
    all.value = all.value.filter((one) => one.key !== key);
  };
  const clear = () => {
    for (const one of all.peek()) remove(one.key);
  };
  return { all: all.value, ready: all.value.every((one) => one.picture !== null), add, remove, clear };
}
