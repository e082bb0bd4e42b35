/** What tabs and their hub tell each other, whether the hub lives in a SharedWorker or in the tab itself. */
import type { Latest, LiveEvent, Reply, Sync } from "./protocol";

export type ToHub =
  /** first */
  | { type: "join"; account: string | null; device: { id: string; name: string } }
  /** somebody else is logged in now, or nobody */
  | { type: "identify"; account: string | null }
  | { type: "follow"; topic: string; position: string | null }
  | { type: "watch"; topic: string }
  /** neither follow nor watch it any more */
  | { type: "leave"; topic: string }
  | { type: "ack"; topic: string; seq: number }
  | { type: "command"; id: string; name: string; data: unknown; keep: boolean; expiresAt: number }
  /** a person looks again: make sure that what they see is true */
  | { type: "wake" };

/** A shared hub's tabs hold a lock each for as long as they live, and say so once they have it. */
export type ToWorker = ToHub | { type: "alive"; lock: string };

export type FromHub =
  | { type: "connection"; connection: Connection }
  | { type: "sync"; sync: Sync }
  | { type: "event"; event: LiveEvent }
  | { type: "latest"; latest: Latest }
  | { type: "reply"; reply: Reply };

/** How it stands with the server. Times are Unix milliseconds. */
export interface Connection {
  /** `ended`: for good, until somebody logs in; `why` says the reason */
  state: "idle" | "connecting" | "open" | "waiting" | "ended";
  why: string;
  /** when this state began */
  since: number;
  /** when the server was last heard */
  heardAt: number;
}

/** One side of a channel. */
export interface Port<Send> {
  postMessage(message: Send): void;
}
