/** The SharedWorker: one hub for all tabs of this origin. Its name says which kind of wire it uses. */
/// <reference lib="webworker" />
import { Hub, type TabPort } from "./hub";
import type { ToHub } from "./messages";
import { IndexedDbOutbox } from "./outbox";
import { wireOf } from "./wires";

declare const self: SharedWorkerGlobalScope;

const hub = new Hub(wireOf(self.name, self.location.origin), new IndexedDbOutbox());

self.onconnect = (connect) => {
  const port = connect.ports[0];
  if (!port) return;
  const tab: TabPort = port;
  port.onmessage = (message: MessageEvent<ToHub>) => {
    hub.receive(tab, message.data);
    // a tab holds its lock for as long as it lives, however it ends
    if (message.data.type === "join") void navigator.locks.request(message.data.lock, () => hub.drop(tab));
  };
};
