/**
 * Tiffin's live SDK. `openLive` gives a tab its connection, shared with the other tabs where the browser can; a
 * `Resource` is a snapshot that stays true; `live.command` has things done.
 */
import { Live } from "./client";
import { Hub } from "./hub";
import type { FromHub, Port, ToHub, ToWorker } from "./messages";
import { IndexedDbOutbox } from "./outbox";
import { type WireKind, wireOf } from "./wires";

export { CommandRefused, Live } from "./client";
export type { Following } from "./following";
export type { Connection } from "./messages";
export type { EventType, LiveEvent } from "./protocol";
export type { WireKind } from "./wires";
export { NotLoadable, Resource, type ResourceStatus, type Snapshot } from "./resource";

export interface LiveOptions {
  kind: WireKind;
  /** who is logged in; null for nobody */
  account: string | null;
  device: { id: string; name: string };
}

export function openLive({ kind, account, device }: LiveOptions): Live {
  const { live, post } = canShare() ? shareHub(kind) : ownHub(kind);
  post({ type: "join", account, device });
  const wake = () => document.visibilityState === "visible" && live.wake();
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", wake);
  return live;
}

function canShare(): boolean {
  return typeof SharedWorker !== "undefined" && "locks" in navigator;
}

interface Opened {
  live: Live;
  post: (message: ToHub) => void;
}

function shareHub(kind: WireKind): Opened {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: kind });
  const live = new Live(worker.port);
  worker.port.onmessage = (message: MessageEvent<FromHub>) => live.receive(message.data);
  const post = (message: ToWorker) => worker.port.postMessage(message);
  const lock = `tiffin-tab-${crypto.randomUUID()}`;
  void navigator.locks.request(lock, () => {
    post({ type: "alive", lock });
    return new Promise<never>(() => undefined);
  });
  return { live, post };
}

function ownHub(kind: WireKind): Opened {
  const hub = new Hub(wireOf(kind, location.origin), new IndexedDbOutbox(`tiffin-${kind}`));
  const port: Port<ToHub> = { postMessage: (message) => hub.receive(tab, message) };
  const live = new Live(port);
  // as through a real port, nothing arrives in the turn in which it was sent
  const tab: Port<FromHub> = { postMessage: (message) => queueMicrotask(() => live.receive(message)) };
  return { live, post: (message) => port.postMessage(message) };
}
