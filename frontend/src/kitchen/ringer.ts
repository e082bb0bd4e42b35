/**
 * The sound of the board, made by oscillators: a bell that keeps ringing until a person has seen the order, louder and
 * faster the longer nobody looks, and a low alarm when the board is not connected. Browsers allow sound only after a
 * touch, so `unlock` belongs to a button.
 */
import { signal } from "@preact/signals";

export type Sound = "silent" | "bell" | "alarm";

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
  /** What sounds now. */
  readonly sound = signal<Sound>("silent");
  /** Whether the browser lets it be heard. */
  readonly audible = signal(false);
  private context: AudioContext | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private loudness = 0;

  /** Call from a touch; later the browser may take it back, which `audible` tells. */
  async unlock(): Promise<void> {
    this.context ??= new AudioContext();
    this.context.onstatechange = () => (this.audible.value = this.context?.state === "running");
    await this.context.resume();
    this.audible.value = true;
  }

  /** One ring, to hear that it works. */
  test(): void {
    this.play(BELL, 0.5);
  }

  ring(loudness: number): void {
    if (this.sound.value === "bell" && this.loudness === loudness) return;
    this.loudness = loudness;
    const [volume, pause] = BELLS[Math.min(loudness, BELLS.length - 1)] ?? [1, 1000];
    this.repeat("bell", () => this.play(BELL, volume), pause);
  }

  alarm(): void {
    if (this.sound.value !== "alarm") this.repeat("alarm", () => this.play(ALARM, 0.8), ALARM_MS);
  }

  silence(): void {
    clearInterval(this.timer);
    this.sound.value = "silent";
  }

  private repeat(sound: Sound, play: () => void, milliseconds: number): void {
    clearInterval(this.timer);
    this.sound.value = sound;
    play();
    this.timer = setInterval(play, milliseconds);
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
