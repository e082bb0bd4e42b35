/**
 * Commands that survive a reload and a lost connection, in IndexedDB until they are answered. They are sent again with
 * the same id, so only commands that are safe to repeat belong here. One that nobody could send in time is given up,
 * and one of another account is never sent.
 */

export interface Waiting {
  id: string;
  account: string | null;
  name: string;
  data: unknown;
  /** Unix milliseconds; they are sent in this order */
  madeAt: number;
  /** Unix milliseconds; later than that nobody wants it done any more */
  expiresAt: number;
}

export interface Outbox {
  put(waiting: Waiting): Promise<void>;
  remove(id: string): Promise<void>;
  /** The oldest one first. */
  all(): Promise<Waiting[]>;
}

const STORE = "outbox";

export class IndexedDbOutbox implements Outbox {
  private database: Promise<IDBDatabase> | undefined;

  constructor(private readonly name: string) {}

  async put(waiting: Waiting): Promise<void> {
    await this.run("readwrite", (store) => store.put(waiting));
  }

  async remove(id: string): Promise<void> {
    await this.run("readwrite", (store) => store.delete(id));
  }

  async all(): Promise<Waiting[]> {
    const found = await this.run<Waiting[]>("readonly", (store) => store.getAll());
    return found.sort((one, other) => one.madeAt - other.madeAt);
  }

  private async run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
    this.database ??= open(this.name);
    const database = await this.database;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = ask(transaction.objectStore(STORE)) as IDBRequest<T>;
      // what is told as stored has reached the disk
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB refused"));
    });
  }
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB is not to be had"));
  });
}
