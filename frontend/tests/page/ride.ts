/**
 * The map of the order page with a courier who rides along a way, time running faster; and what is drawn, frame by
 * frame. Places are measured from the restaurant's pin, so a camera that moves does not count as a movement.
 */
import { h, render } from "preact";
import { CityMap } from "../../src/map/city-map";
import { metersBetween, type Spot } from "../../src/map/way";
import { Chances } from "../live/random";
import { PLANE, Ride, type RideOptions, someWay, START } from "../map/ride";

interface Frame {
  /** of the page's clock, in milliseconds */
  at: number;
  courier: Spot;
  /** the camera has moved since the frame before */
  camera: boolean;
}

interface Measured {
  frames: number;
  seconds: number;
  /** of each whole second in which the camera stood */
  framesPerSecond: number[];
  /** between two frames, in meters on the ground */
  longestStep: number;
  /** all steps together, and the way */
  wentMeters: number;
  wayMeters: number;
  pixelsAMeter: number;
}

type Wanted = Omit<RideOptions, "way" | "chances"> & { seed: number; timesFaster: number };

function pin(selector: string): Spot {
  const { x, y, width, height } = (document.querySelector(selector) as Element).getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}

async function measure({ seed, timesFaster, ...wanted }: Wanted): Promise<Measured> {
  const chances = new Chances(seed);
  const way = someWay(chances, wanted.metersPerSecond * wanted.seconds);
  const [first, last] = [way[0], way.at(-1)] as [(typeof way)[0], (typeof way)[0]];
  const ride = new Ride({ ...wanted, way, chances });
  let begun: number | null = null;
  const clock = () => START + (begun === null ? 0 : (performance.now() - begun) * timesFaster);
  const look = () => {
    ride.deliver(clock());
    return ride.playback.at(clock());
  };
  const markers = [
    { id: "restaurant", kind: "restaurant" as const, label: "From", ...first },
    { id: "home", kind: "home" as const, label: "To", ...last },
  ];
  const element = document.querySelector("#map") as HTMLElement;
  render(h(CityMap, { markers, way, courier: { label: "Courier", look } }), element);
  while (!document.querySelector("[data-idle=true]")) await new Promise((done) => setTimeout(done, 50));
  begun = performance.now();
  const frames: Frame[] = [];
  let camera: Spot | null = null;
  while (clock() < START + wanted.seconds * 1000) {
    const at = await new Promise<number>(requestAnimationFrame);
    if (!document.querySelector(".courier-pin")) continue;
    const from = pin(".pin-restaurant");
    const there = pin(".courier-pin");
    const moved = camera !== null && (camera.x !== from.x || camera.y !== from.y);
    frames.push({ at, courier: { x: there.x - from.x, y: there.y - from.y }, camera: moved });
    camera = from;
  }
  const pixelsAMeter =
    metersBetween(pin(".pin-restaurant"), pin(".pin-home")) / metersBetween(PLANE.spot(first), PLANE.spot(last));
  const steps = frames.slice(1).map((frame, at) => metersBetween(frame.courier, (frames[at] as Frame).courier));
  return {
    frames: frames.length,
    seconds: ((frames.at(-1)?.at ?? 0) - (frames[0]?.at ?? 0)) / 1000,
    framesPerSecond: framesPerSecond(frames),
    longestStep: Math.max(...steps) / pixelsAMeter,
    wentMeters: steps.reduce((sum, step) => sum + step, 0) / pixelsAMeter,
    wayMeters: ride.way.length,
    pixelsAMeter,
  };
}

function framesPerSecond(frames: readonly Frame[]): number[] {
  const seconds = new Map<number, Frame[]>();
  const begin = frames[0]?.at ?? 0;
  for (const frame of frames) {
    const second = Math.floor((frame.at - begin) / 1000);
    seconds.set(second, [...(seconds.get(second) ?? []), frame]);
  }
  // the last one is not whole
  const whole = [...seconds.values()].slice(0, -1);
  return whole.filter((second) => !second.some(({ camera }) => camera)).map(({ length }) => length);
}

declare global {
  interface Window {
    measure: typeof measure;
  }
}
window.measure = measure;
