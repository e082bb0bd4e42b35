/** The live SDK without an app: a tab that a test drives, and that keeps every event it was given. */
import { type Connection, type Live, openLive, Resource } from "../../src/live";
import { IndexedDbOutbox } from "../../src/live/outbox";

interface Seen {
  from: string;
  seqs: number[];
}

class Tab {
  private live: Live | undefined;
  private readonly followed = new Map<string, Resource<Seen>>();
  readonly native: { id: string; type: string }[] = [];

  open(kind: "stream" | "socket", account: string | null): void {
    this.live = openLive({ kind, account, device: { id: crypto.randomUUID(), name: "A test" } });
  }

  /** Follow a topic from the position that `path` names. */
  follow(topic: string, path: string): void {
    const load = async () => {
      const { position } = (await (await fetch(path)).json()) as { position: string };
      return { state: { from: position, seqs: [] }, position };
    };
    const apply = ({ from, seqs }: Seen, { seq }: { seq: number }) => ({ from, seqs: [...seqs, seq] });
    this.followed.set(topic, new Resource<Seen>(this.opened, { topic, load, apply }));
  }

  status(topic: string): string | undefined {
    return this.followed.get(topic)?.status.value;
  }

  /** What was seen of a topic since its snapshot. */
  seen(topic: string): Seen | undefined {
    return this.followed.get(topic)?.value.value;
  }

  get connection(): Connection {
    return this.opened.connection.value;
  }

  identify(account: string | null): void {
    this.opened.identify(account);
  }

  /** Have a ticket accepted; the answer is of no interest to a page that is about to be loaded anew. */
  accept(ticket_id: string): void {
    const command = this.opened.command("ticket.accept", { ticket_id, minutes: 20 }, { keep: true });
    void command.catch(() => undefined);
  }

  /** How many commands rest in the outbox. */
  async kept(): Promise<number> {
    return (await new IndexedDbOutbox("tiffin-socket").all()).length;
  }

  /** Follow an order by the browser's own EventSource. */
  listen(path: string, types: string[]): EventSource {
    const source = new EventSource(path);
    for (const type of types)
      source.addEventListener(type, (event) => this.native.push({ id: event.lastEventId, type }));
    return source;
  }

  private get opened(): Live {
    if (!this.live) throw new Error("open() comes first");
    return this.live;
  }
}

declare global {
  interface Window {
    tab: Tab;
    source: EventSource;
  }
}

window.tab = new Tab();
