/** Chances that can be repeated: the same seed gives the same run. */
export class Chances {
  constructor(private state: number) {}

  /** At least 0 and below 1, by a linear congruential generator. */
  next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}
