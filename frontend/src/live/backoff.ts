/** When to come back: full jitter, the first time within 2 s, at most 20 s apart. */

const FIRST_MS = 2_000;
const MOST_MS = 20_000;

export class Backoff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** A connection worked: the next loss begins anew. */
  worked(): void {
    this.failures = 0;
  }

  /** Milliseconds until the next attempt. */
  next(options: { backOff?: boolean; afterMs?: number } = {}): number {
    if (options.backOff) this.failures = Math.max(this.failures, 2);
    const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    return (options.afterMs ?? 0) + this.random() * ceiling;
  }
}
