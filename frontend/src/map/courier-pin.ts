/**
 * The courier's marker. It is moved at every frame, past Preact, while the camera stands: drawing the whole map anew is
 * what costs. Only when the courier has left the view is it brought back there; a person who looks elsewhere is left alone.
 */
import { type Map as MapLibre, Marker as Pin } from "maplibre-gl";
import type { Sight } from "./playback";

/** Whom to follow; `look` says where they are to be seen now. */
export interface Courier {
  label: string;
  look: () => Sight | null;
}

const CALM = matchMedia("(prefers-reduced-motion: reduce)");
const CALM_MS = 1_000;
/** nearer to the edge than this is out of view */
const EDGE_PIXELS = 32;

export class CourierPin {
  private readonly element: HTMLElement;
  private readonly arrow: SVGElement;
  private readonly pin: Pin;
  private last: Sight | null = null;
  private inView = true;
  /** a person has moved the map */
  private touched = false;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly map: MapLibre,
    private readonly courier: Courier,
  ) {
    this.element = elementOf(courier.label);
    this.arrow = this.element.querySelector(".courier-arrow") as SVGElement;
    this.pin = new Pin({ element: this.element, anchor: "center", subpixelPositioning: true });
    map.on("movestart", this.touch);
    document.addEventListener("visibilitychange", this.run);
    CALM.addEventListener("change", this.run);
    this.run();
  }

  remove(): void {
    this.rest();
    this.map.off("movestart", this.touch);
    document.removeEventListener("visibilitychange", this.run);
    CALM.removeEventListener("change", this.run);
    this.pin.remove();
  }

  /** Go on as long as somebody can see it. */
  private readonly run = (): void => {
    this.rest();
    if (document.visibilityState === "hidden") return;
    this.draw();
    if (CALM.matches) this.timer = setTimeout(this.run, CALM_MS);
    else this.frame = requestAnimationFrame(this.run);
  };

  private rest(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }

  private readonly touch = ({ originalEvent }: { originalEvent?: unknown }): void => {
    if (originalEvent) this.touched = true;
  };

  private draw(): void {
    const { last } = this;
    const sight = this.courier.look();
    this.last = sight;
    if (!sight) return;
    if (sight.latitude !== last?.latitude || sight.longitude !== last.longitude)
      this.pin.setLngLat([sight.longitude, sight.latitude]);
    if (!last) this.pin.addTo(this.map);
    else if (sight.jumps !== last.jumps) this.element.animate({ opacity: [0, 1] }, 400);
    if (sight.headingDegrees !== last?.headingDegrees) this.point(sight.headingDegrees);
    if (sight.old !== last?.old) this.element.dataset["old"] = String(sight.old);
    this.keepInView(sight);
  }

  private point(degrees: number | null): void {
    this.arrow.style.rotate = `${(degrees ?? 0).toFixed(1)}deg`;
    this.arrow.toggleAttribute("hidden", degrees === null);
  }

  private keepInView({ longitude, latitude }: Sight): void {
    if (this.map.isMoving()) return;
    const isIn = this.isIn(longitude, latitude);
    if (!isIn && this.inView && !this.touched) this.map.easeTo({ center: [longitude, latitude] });
    this.inView = isIn;
    this.touched = false;
  }

  private isIn(longitude: number, latitude: number): boolean {
    const { x, y } = this.map.project([longitude, latitude]);
    const canvas = this.map.getCanvas();
    const ratio = this.map.getPixelRatio();
    const isBetween = (at: number, size: number) => at > EDGE_PIXELS && at < size / ratio - EDGE_PIXELS;
    return isBetween(x, canvas.width) && isBetween(y, canvas.height);
  }
}

function elementOf(label: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "courier-pin";
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  element.title = label;
  element.innerHTML =
    '<svg viewBox="0 0 48 48" aria-hidden="true"><path class="courier-arrow" hidden d="M24 1l8 11h-16z"/>' +
    '<circle class="courier-body" cx="24" cy="24" r="13"/>' +
    '<path class="courier-shape" d="M19 25a3.500 3.500 0 1 0 .1 0M29 25a3.500 3.500 0 1 0 .1 0M19 28.500l3.500-7h4l2.500 7M23 19.500h-2.500"/></svg>';
  return element;
}
