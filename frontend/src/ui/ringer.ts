/**
 * The sound of an app, made by oscillators: a bell that keeps ringing until somebody has seen to it, in four degrees of
 * loudness, and a low alarm when nothing can ring. Browsers allow sound only after a touch, so `unlock` belongs to one.
 */
import { computed, signal } from "@preact/signals";

export type Sound = "silent" | "bell" | "alarm";
type Timer = ReturnType<typeof setInterval> | undefined;

interface Tone {
  hertz: number;
  at: number;
  seconds: number;
}

const BELL: readonly Tone[] = [
  { hertz: 880, at: 0, seconds: 0.5 },
  { hertz: 1174.7, at: 0.18, seconds: 0.6 },
];
const ALARM: readonly Tone[] = [
  { hertz: 220, at: 0, seconds: 0.35 },
  { hertz: 196, at: 0.4, seconds: 0.5 },
];
/** by loudness: how loud (0 to 1), and milliseconds from one ring to the next */
const BELLS: readonly [number, number][] = [
  [0.25, 2600],
  [0.5, 1900],
  [0.75, 1300],
  [1, 900],
];
const ALARM_MS = 10_000;

export class Ringer {
  /** Whether the browser lets it be heard. */
  readonly audible = signal(false);
  /** How loud the bell rings, 0 to 3; null: it does not. */
  readonly loudness = signal<number | null>(null);
  private readonly alarming = signal(false);
  private context: AudioContext | undefined;
  private bell: Timer;
  private horn: Timer;

  /** What sounds now, for whoever may hear it. */
  readonly sound = computed<Sound>(() =>
    this.alarming.value ? "alarm" : this.loudness.value === null ? "silent" : "bell",
  );

  /** Call from a touch; later the browser may take it back, which `audible` tells. */
  async unlock(): Promise<void> {
    this.context ??= this.open();
    await this.context.resume();
    this.audible.value = this.context.state === "running";
  }

  /** One ring, to hear that it works. */
  test(): void {
    this.play(BELL, 0.5);
  }

  /** Ring this loud (0 to 3) until told otherwise; null: be quiet. */
  ring(loudness: number | null): void {
    if (this.loudness.peek() === loudness) return;
    this.loudness.value = loudness;
    clearInterval(this.bell);
    if (loudness === null) return;
    const [volume, pause] = BELLS[Math.min(loudness, BELLS.length - 1)] ?? [1, 1000];
    this.bell = repeat(() => this.play(BELL, volume), pause);
  }

  alarm(on: boolean): void {
    if (this.alarming.peek() === on) return;
    this.alarming.value = on;
    clearInterval(this.horn);
    if (on) this.horn = repeat(() => this.play(ALARM, 0.8), ALARM_MS);
  }

  /** Nobody shows it any more. */
  close(): void {
    this.ring(null);
    this.alarm(false);
    void this.context?.close();
  }

  private open(): AudioContext {
    const context = new AudioContext();
    context.onstatechange = () => (this.audible.value = context.state === "running");
    return context;
  }

  private play(tones: readonly Tone[], volume: number): void {
    const { context } = this;
    if (context?.state !== "running") return;
    for (const { hertz, at, seconds } of tones) {
      const start = context.currentTime + at;
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0.0001, start);
      gain.gain.exponentialRampToValueAtTime(volume, start + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
      const oscillator = new OscillatorNode(context, { type: "triangle", frequency: hertz });
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + seconds);
    }
  }
}

function repeat(play: () => void, milliseconds: number): Timer {
  play();
  return setInterval(play, milliseconds);
}
