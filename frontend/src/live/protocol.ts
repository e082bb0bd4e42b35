/**
 * What the server says and what a position means: docs/realtime-protocol.md in TypeScript.
 *
 * A position is `epoch:seq` and means "seen everything up to here". Nothing here does I/O.
 */
import type { Commands, Events } from "../api/generated/live";

export type EventType = keyof Events;
export type CommandName = keyof Commands;

/** One event of a topic, the same for every reader; `type` says what `data` is. */
export type LiveEvent<T extends EventType = EventType> = {
  [K in T]: { topic: string; epoch: string; seq: number; type: K; at: string; data: Events[K] };
}[T];

/** Why a position could not be served, or a topic not be read. */
export type LostReason = "position" | "epoch" | "trimmed" | "ahead" | "forbidden" | "unknown";

/** Where a topic stands, told before its events; `ok: false` is a reset, or a refusal. */
export interface Sync {
  topic: string;
  ok: boolean;
  reason?: LostReason;
  epoch?: string;
  from?: number;
  to?: number;
}

/** The newest value of a topic that keeps only that. */
export interface Latest {
  topic: string;
  data: unknown;
}

/** The answer to a command. */
export type Reply = { id: string; ok: true; data: unknown } | { id: string; ok: false; error: CommandProblem };

/** Why a command was refused; `message` is a sentence for a person. */
export interface CommandProblem {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

/** How a connection ended, and whether to open another. */
export interface End {
  reason: string;
  comeBack: boolean;
  /** the server was asked too much: wait longer */
  backOff: boolean;
  /** the server's own word on when to return */
  afterMs?: number;
}

/** The position in a topic that has never been written to. */
const NOTHING_WRITTEN = "0:0";

export interface Position {
  epoch: string;
  seq: number;
}

export function parsePosition(text: string): Position {
  const [, epoch, seq] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (epoch === undefined) throw new Error(`not a position: ${text}`);
  return { epoch, seq: Number(seq) };
}

export function positionOf(event: { epoch: string; seq: number }): string {
  return `${event.epoch}:${event.seq}`;
}

/** True if the event is what comes next for somebody who stands at `position`; numbers have no gaps. */
export function isNext(event: { epoch: string; seq: number }, position: string): boolean {
  const { epoch, seq } = parsePosition(position);
  return event.seq === seq + 1 && (event.epoch === epoch || position === NOTHING_WRITTEN);
}

/** After a reset: where the server goes on; null if it does not. */
export function resumesAt({ epoch, to }: Sync): string | null {
  return epoch === undefined || to === undefined ? null : `${epoch}:${to}`;
}

/** True where a snapshot mends it; the other reasons mean that there is nothing to read. */
export function isReset(reason: LostReason | undefined): boolean {
  return reason !== "forbidden" && reason !== "unknown";
}

/** The meaning of a close code or of the code in `bye`. */
export function endOf(code: number, reason: string, afterMs?: number): End {
  const final = code >= 4000 && code < 4100;
  const end: End = { reason, comeBack: !final, backOff: code >= 4100 && code < 4200 };
  if (afterMs !== undefined) end.afterMs = afterMs;
  return end;
}
