/**
 * Commands on their way. Each is answered once: by the server, or with an error of our own when nobody could be asked
 * (`not_connected`), when it may or may not have been done (`connection_lost`), when its time is over (`expired`), or when
 * somebody else has logged in (`put_off`). Those that are kept outlive connections and reloads and are sent again with
 * the same id, in the order in which they were made.
 */
import type { Outbox, Waiting } from "./outbox";
import type { CommandProblem, Reply } from "./protocol";

/** Answers after which a kept command is tried again until it expires. */
const TEMPORARY = new Set(["unavailable", "rate_limited", "internal_error"]);
const AGAIN_MS = 2_000;

const LOST = ["connection_lost", "The connection was lost; it may have been done."] as const;

/** As long as the server asks for, where it does. */
function pauseOf({ details }: CommandProblem): number {
  const seconds = Number(details["retry_after_seconds"]);
  return seconds > 0 ? seconds * 1000 : AGAIN_MS;
}

export interface OutgoingCommand {
  id: string;
  account: string | null;
  name: string;
  data: unknown;
  keep: boolean;
  expiresAt: number;
}

type Send = (id: string, name: string, data: unknown) => void;

export class Commands {
  private readonly pending = new Map<string, OutgoingCommand>();
  private account: string | null = null;
  private send: Send | null = null;
  /** writes to the outbox, one after the other */
  private storing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly outbox: Outbox,
    private readonly tell: (reply: Reply) => void,
  ) {}

  /** True while something waits for a connection or an answer. */
  get waiting(): boolean {
    return this.pending.size > 0;
  }

  add(command: OutgoingCommand): void {
    if (!this.send && !command.keep) return this.refuse(command, "not_connected", "There is no connection right now.");
    this.pending.set(command.id, command);
    if (command.keep) {
      const { id, account, name, data, expiresAt } = command;
      this.store(() => this.outbox.put({ id, account, name, data, madeAt: Date.now(), expiresAt }));
    }
    this.send?.(command.id, command.name, command.data);
  }

  /** Somebody else is logged in: the others' commands rest in the outbox, and what was left of theirs comes back. */
  async switchTo(account: string | null): Promise<void> {
    this.account = account;
    for (const command of [...this.pending.values()]) this.putOff(command);
    await this.storing;
    const left = await this.outbox.all().catch(() => []);
    const now = Date.now();
    for (const waiting of left) {
      if (waiting.expiresAt <= now) this.store(() => this.outbox.remove(waiting.id));
      else if (waiting.account === this.account) this.takeUp(waiting);
    }
  }

  connected(send: Send): void {
    this.send = send;
    this.expire(Date.now());
    for (const { id, name, data } of this.pending.values()) send(id, name, data);
  }

  disconnected(): void {
    this.send = null;
    for (const command of [...this.pending.values()]) if (!command.keep) this.refuse(command, ...LOST);
  }

  answered(reply: Reply): void {
    const command = this.pending.get(reply.id);
    if (!command) return;
    if (!reply.ok && command.keep && TEMPORARY.has(reply.error.code) && Date.now() < command.expiresAt) {
      setTimeout(() => this.repeat(command), pauseOf(reply.error));
      return;
    }
    this.finish(command, reply);
  }

  /** Give up what nobody wants done any more. */
  expire(now: number): void {
    for (const command of [...this.pending.values()])
      if (command.expiresAt <= now)
        this.refuse(command, "expired", "There was no answer in time; look whether it has been done.");
  }

  private takeUp(waiting: Waiting): void {
    if (this.pending.has(waiting.id)) return;
    this.pending.set(waiting.id, { ...waiting, keep: true });
    this.send?.(waiting.id, waiting.name, waiting.data);
  }

  private putOff(command: OutgoingCommand): void {
    if (!command.keep) return this.refuse(command, ...LOST);
    // out of sight, but still in the outbox
    this.refuse({ ...command, keep: false }, "put_off", "You were logged out; it waits until you log in again.");
  }

  private repeat(command: OutgoingCommand): void {
    this.expire(Date.now());
    if (this.pending.has(command.id)) this.send?.(command.id, command.name, command.data);
  }

  private refuse(command: OutgoingCommand, code: string, message: string): void {
    const error: CommandProblem = { code, message, details: {} };
    this.finish(command, { id: command.id, ok: false, error });
  }

  private finish(command: OutgoingCommand, reply: Reply): void {
    this.pending.delete(command.id);
    if (command.keep) this.store(() => this.outbox.remove(command.id));
    this.tell(reply);
  }

  private store(write: () => Promise<void>): void {
    // a browser without storage still sends; what is lost is only the surviving of a reload
    this.storing = this.storing.then(write).catch(() => undefined);
  }
}
