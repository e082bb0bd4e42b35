/** The SharedWorker: one hub for all tabs of this origin. Its name says which kind of wire it uses. */
/// <reference lib="webworker" />
import { Hub, type TabPort } from "./hub";
import type { ToWorker } from "./messages";
import { IndexedDbOutbox } from "./outbox";
import { wireOf } from "./wires";

declare const self: SharedWorkerGlobalScope;

const hub = new Hub(wireOf(self.name, self.location.origin), new IndexedDbOutbox(`tiffin-${self.name}`));

self.onconnect = (connect) => {
  const port = connect.ports[0];
  if (!port) return;
  const tab: TabPort = port;
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    // whoever gets the lock knows that the tab has ended, however it did
    if (data.type === "alive") void navigator.locks.request(data.lock, () => hub.drop(tab));
    else hub.receive(tab, data);
  };
};
