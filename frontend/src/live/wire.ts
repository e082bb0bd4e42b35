/**
 * One connection to the server, by SSE or WebSocket. It opens, tells what arrives, and ends once; it never comes back
 * by itself, that is the hub's. Whoever closes it hears nothing more of it.
 */
import type { End, Latest, LiveEvent, Reply, Sync } from "./protocol";

/** What a wire tells its hub. */
export interface WireListener {
  opened(): void;
  /** anything at all arrived: the connection lives */
  beat(): void;
  sync(sync: Sync): void;
  event(event: LiveEvent): void;
  latest(latest: Latest): void;
  reply(reply: Reply): void;
  ended(end: End): void;
}

export interface Wire {
  close(): void;
  /** Follow these from their positions; false if this kind of wire has to be opened anew for it. */
  subscribe(topics: ReadonlyMap<string, string | null>): boolean;
  unsubscribe(topics: readonly string[]): boolean;
  ack(topic: string, seq: number): void;
  command(id: string, name: string, data: unknown): void;
}

/** Opens a wire that follows these topics. */
export type OpenWire = (topics: ReadonlyMap<string, string | null>, listener: WireListener) => Wire;
