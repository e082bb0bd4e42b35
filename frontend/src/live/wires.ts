import { sockets } from "./socket";
import { streams } from "./stream";
import type { OpenWire } from "./wire";

/** `stream`: SSE, for whoever only looks. `socket`: WebSocket, for whoever acts. */
export type WireKind = "stream" | "socket";

export function wireOf(kind: string, origin: string): (device: { id: string; name: string }) => OpenWire {
  return kind === "socket" ? (device) => sockets(origin, device) : () => streams(origin);
}
