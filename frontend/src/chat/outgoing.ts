/**
 * Messages on their way. Each is kept in the tab's storage until it stands in the conversation, so a reload in the middle
 * loses none: the page goes on. Of one conversation they leave one after the other, so they arrive in the order in which
 * they were written, and the server knows each by its `clientId`.
 */
import { computed, signal } from "@preact/signals";
import { CommandRefused, type Live } from "../live";
import type { Schemas } from "../app/api";

export interface Outgoing {
  clientId: string;
  conversationId: string;
  text: string;
  attachments: readonly Schemas["PictureView"][];
  /** Unix milliseconds */
  at: number;
  /** why the server does not take it; null while it is on its way */
  problem: string | null;
}

/** Longer than that nobody waits for an answer. */
const EXPIRES_MS = 24 * 3_600_000;
const AGAIN_MS = 2_000;
const LINGER_MS = 10_000;
const MOST_KEPT = 100;
/** Not the message's fault: it is tried again. */
const TEMPORARY = new Set(["expired", "put_off", "connection_lost", "not_connected", "unavailable"]);

export class OutgoingMessages {
  private readonly all = signal<readonly Outgoing[]>([]);
  private readonly busy = new Set<string>();
  private stopped = false;

  /** `say` tells a person why a message was refused. */
  constructor(
    private readonly key: string,
    private readonly live: Live,
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    private readonly say: (error: unknown) => string,
  ) {
    this.all.value = this.stored();
    for (const { conversationId } of this.all.peek()) void this.work(conversationId);
  }

  /** Those of a conversation that are not in it yet, the oldest first. */
  of(conversationId: string) {
    return computed(() => this.all.value.filter((one) => one.conversationId === conversationId));
  }

  send(conversationId: string, text: string, attachments: readonly Schemas["PictureView"][]): void {
    const clientId = crypto.randomUUID();
    this.keep([...this.all.peek(), { clientId, conversationId, text, attachments, at: Date.now(), problem: null }]);
    void this.work(conversationId);
  }

  /** Try a refused message again. */
  again(clientId: string): void {
    this.change(clientId, { problem: null });
    const found = this.all.peek().find((one) => one.clientId === clientId);
    if (found) void this.work(found.conversationId);
  }

  discard(clientId: string): void {
    this.keep(this.all.peek().filter((one) => one.clientId !== clientId));
  }

  /** These stand in their conversation. */
  arrived(clientIds: ReadonlySet<string>): void {
    if (this.all.peek().some((one) => clientIds.has(one.clientId)))
      this.keep(this.all.peek().filter((one) => !clientIds.has(one.clientId)));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Send what waits in a conversation, one after the other. */
  private async work(conversationId: string): Promise<void> {
    if (this.busy.has(conversationId)) return;
    this.busy.add(conversationId);
    const sent = new Set<string>();
    try {
      for (;;) {
        const next = this.all
          .peek()
          .find((one) => one.conversationId === conversationId && one.problem === null && !sent.has(one.clientId));
        if (!next || this.stopped) return;
        if (await this.sendOne(next)) sent.add(next.clientId);
      }
    } finally {
      this.busy.delete(conversationId);
    }
  }

  /** True once the server has it, or has refused it. */
  private async sendOne({ clientId, conversationId, text, attachments }: Outgoing): Promise<boolean> {
    const data = {
      conversation_id: conversationId,
      client_id: clientId,
      text,
      attachments: attachments.map((picture) => picture.image_id),
    };
    try {
      await this.live.command("chat.send", data, { keep: true, expiresInMs: EXPIRES_MS });
      // its event clears it, where the conversation is open
      setTimeout(() => this.discard(clientId), LINGER_MS);
      return true;
    } catch (error) {
      if (error instanceof CommandRefused && TEMPORARY.has(error.code)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        return false;
      }
      this.change(clientId, { problem: this.say(error) });
      return true;
    }
  }

  private change(clientId: string, what: Partial<Outgoing>): void {
    this.keep(this.all.peek().map((one) => (one.clientId === clientId ? { ...one, ...what } : one)));
  }

  private keep(all: readonly Outgoing[]): void {
    this.all.value = all;
    this.storage.setItem(this.key, JSON.stringify(all.slice(-MOST_KEPT)));
  }

  private stored(): Outgoing[] {
    try {
      return JSON.parse(this.storage.getItem(this.key) ?? "[]") as Outgoing[];
    } catch {
      return [];
    }
  }
}
