/** The WebSocket wire: `/v1/socket`, subprotocol `tiffin.v1`. */
import { endOf, type CommandProblem, type Latest, type LiveEvent, type Reply, type Sync } from "./protocol";
import type { OpenWire, WireListener } from "./wire";

type Frame =
  | { type: "hello" }
  | ({ type: "sync" } & Sync)
  | { type: "event"; event: LiveEvent }
  | ({ type: "latest" } & Latest)
  | { type: "ok"; id: string; data: unknown }
  | ({ type: "error"; id: string | null } & CommandProblem)
  | { type: "heartbeat" };

/** Ids of what the wire asks itself begin so; those of commands are UUIDs and never do. */
const OWN = "wire-";

/** Which device this is, for presence and receipts. */
export interface Device {
  id: string;
  name: string;
}

/** Sockets to this origin. */
export function sockets(origin: string, device: Device, Socket: typeof WebSocket = WebSocket): OpenWire {
  return (topics, listener) => {
    const socket = new Socket(`${origin.replace(/^http/, "ws")}/v1/socket`, "tiffin.v1");
    const send = (message: object) => {
      if (socket.readyState === Socket.OPEN) socket.send(JSON.stringify(message));
    };
    let closed = false;
    let messages = 0;
    const nextId = () => `${OWN}${++messages}`;
    socket.onopen = () =>
      send({ type: "hello", device_id: device.id, device: device.name, topics: Object.fromEntries(topics) });
    socket.onmessage = (message: MessageEvent<string>) => {
      if (closed) return;
      listener.beat();
      const body = JSON.parse(message.data) as Frame | Frame[];
      // what a listener does may close this wire
      for (const frame of Array.isArray(body) ? body : [body]) if (!(closed as boolean)) take(frame, listener);
    };
    socket.onclose = (close) => {
      if (!closed) listener.ended(endOf(close.code, close.reason || "lost"));
    };
    return {
      close: () => {
        closed = true;
        socket.close();
      },
      subscribe: (more) => {
        send({ type: "subscribe", id: nextId(), topics: Object.fromEntries(more) });
        return true;
      },
      unsubscribe: (fewer) => {
        send({ type: "unsubscribe", id: nextId(), topics: fewer });
        return true;
      },
      ack: (topic, seq) => send({ type: "ack", topic, seq }),
      command: (id, name, data) => send({ type: "command", id, name, data }),
    };
  };
}

function take(frame: Frame, listener: WireListener): void {
  switch (frame.type) {
    case "hello":
      return listener.opened();
    case "sync":
      return listener.sync(frame);
    case "event":
      return listener.event(frame.event);
    case "latest":
      return listener.latest({ topic: frame.topic, data: frame.data });
    case "ok":
      return listener.reply({ id: frame.id, ok: true, data: frame.data });
    case "error":
      // a topic that was refused as a whole would never be heard of again
      if (frame.id?.startsWith(OWN) || frame.code === "too_many_topics")
        return listener.ended({ reason: frame.code, comeBack: true, backOff: true });
      if (frame.id !== null) listener.reply(refused(frame.id, frame));
      return;
    case "heartbeat":
      return;
  }
}

function refused(id: string, { code, message, details }: CommandProblem): Reply {
  return { id, ok: false, error: { code, message, details } };
}
