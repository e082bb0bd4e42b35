/** A file on its way to a dish, shown in `sending`. */
import { objection } from "../../images/image";
import { prepareUpload } from "../../images/upload";
import { type Sending, sending } from "./images";

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
  const query = replaces ? `?replaces=${replaces}` : "";
  const upload = await prepareUpload(`/v1/menu-items/${itemId}/images${query}`, file, {
    sent: (sent) => change({ sent }),
    arrived: () => {
      onArrived();
      drop();
    },
    failed: (problem) => change({ problem, again }),
  });
  const again = () => {
    change({ problem: null, again: null });
    upload.start();
  };
  change({
    cancel: () => {
      drop();
      upload.abort();
    },
  });
  upload.start();
}
