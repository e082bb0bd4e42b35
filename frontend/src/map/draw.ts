/** Draws the city with MapLibre on tiles of this server; nothing is asked for anywhere else. */
import {
  type GeoJSONSource,
  LngLatBounds,
  Map as MapLibre,
  Marker as Pin,
  addProtocol,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { PMTiles, Protocol } from "pmtiles";
import type { Marker } from "./city-map";
import { type Courier, CourierPin } from "./courier-pin";
import { BASEMAP, lineOf, styleOf } from "./style";
import type { Point } from "./way";

setWorkerUrl(workerUrl);
const protocol = new Protocol();
addProtocol("pmtiles", protocol.tile);

export interface DrawnMap {
  show(markers: readonly Marker[], around: readonly Point[], steady: boolean): void;
  showWay(way: readonly Point[] | null): void;
  follow(courier: Courier | null): void;
  remove(): void;
}

const DARK = "(prefers-color-scheme: dark)";

export async function drawMap(element: HTMLElement, onPick: (point: Point) => void): Promise<DrawnMap> {
  const tiles = new PMTiles(`${location.origin}${BASEMAP}`);
  protocol.add(tiles);
  // without tiles the markers still say where things are to each other
  const header = await tiles.getHeader().catch(() => null);
  const dark = matchMedia(DARK);
  const map = new MapLibre({
    container: element,
    style: styleOf(header !== null, dark.matches, null),
    center: header ? [header.centerLon, header.centerLat] : [24.944, 60.1712],
    zoom: 14,
    attributionControl: { compact: false },
    dragRotate: false,
    pitchWithRotate: false,
    ...(header && { maxBounds: boundsOf(header), minZoom: header.minZoom, maxZoom: 18 }),
  });
  map.touchZoomRotate.disableRotation();
  let way: readonly Point[] | null = null;
  let courierPin: CourierPin | null = null;
  const restyle = () => map.setStyle(styleOf(header !== null, dark.matches, way));
  const drawWay = () => void map.getSource<GeoJSONSource>("way")?.setData(lineOf(way));
  dark.addEventListener("change", restyle);
  map.on("style.load", drawWay);
  map.on("click", (event) => onPick({ latitude: event.lngLat.lat, longitude: event.lngLat.lng }));
  map.on("idle", () => (element.dataset["idle"] = "true"));
  const pins = new Pins(map);
  return {
    show: (markers, around, steady) => pins.show(markers, around, steady),
    showWay: (shown) => {
      way = shown;
      drawWay();
    },
    follow: (courier) => {
      courierPin?.remove();
      courierPin = courier && new CourierPin(map, courier);
    },
    remove: () => {
      courierPin?.remove();
      dark.removeEventListener("change", restyle);
      map.remove();
    },
  };
}

interface Header {
  minLon: number;
  minLat: number;
  maxLon: number;
  maxLat: number;
}

/** A little around the tiles, so that what lies at their edge can be looked at. */
function boundsOf({ minLon, minLat, maxLon, maxLat }: Header): [number, number, number, number] {
  return [minLon - 0.02, minLat - 0.01, maxLon + 0.02, maxLat + 0.01];
}

class Pins {
  private readonly pins = new Map<string, { pin: Pin; kind: string }>();
  private fitted = "";

  constructor(private readonly map: MapLibre) {}

  show(markers: readonly Marker[], around: readonly Point[], steady: boolean): void {
    const wanted = new Set(markers.map((marker) => marker.id));
    for (const [id, { pin }] of this.pins)
      if (!wanted.has(id)) {
        pin.remove();
        this.pins.delete(id);
      }
    for (const marker of markers) this.place(marker);
    this.fit(markers, around, steady);
  }

  private place(marker: Marker): void {
    const at: [number, number] = [marker.longitude, marker.latitude];
    const known = this.pins.get(marker.id);
    if (known) {
      known.pin.setLngLat(at);
      return;
    }
    const pin = new Pin({ element: elementOf(marker), anchor: "bottom", subpixelPositioning: true });
    this.pins.set(marker.id, { pin: pin.setLngLat(at).addTo(this.map), kind: marker.kind });
  }

  /** Show all of them, once for each set, or `steady` once: a person who has moved the map is left where they are. */
  private fit(markers: readonly Marker[], around: readonly Point[], steady: boolean): void {
    const set = steady ? "any" : markers.map((marker) => marker.id).join();
    if (set === this.fitted || markers.length === 0) return;
    this.fitted = set;
    const bounds = new LngLatBounds();
    for (const { longitude, latitude } of [...markers, ...around]) bounds.extend([longitude, latitude]);
    this.map.fitBounds(bounds, { padding: 56, maxZoom: 16, duration: 0 });
  }
}

const SHAPES: Record<Marker["kind"], string> = {
  restaurant: "M11 9v6a2.500 2.500 0 0 0 5 0V9M13.500 9v14M21 9c-2 1-2.500 4-2 7h2zM21 16v7",
  home: "M9 16l7-6 7 6v8h-5v-5h-4v5H9z",
  courier: "M10 20a3 3 0 1 0 .1 0M22 20a3 3 0 1 0 .1 0M10 20l4-8h5l3 8M14 12l-2-2",
};

function elementOf(marker: Marker): HTMLElement {
  const element = document.createElement(marker.onClick ? "button" : "div");
  element.className = `pin pin-${marker.kind}`;
  element.setAttribute("aria-label", marker.label);
  element.title = marker.label;
  if (!marker.onClick) element.setAttribute("role", "img");
  element.innerHTML =
    '<svg viewBox="0 0 32 40" aria-hidden="true"><path class="pin-body" d="M16 39C8 29 3 24 3 15a13 13 0 0 1 26 0c0 9-5 14-13 24z"/>' +
    `<path class="pin-shape" d="${SHAPES[marker.kind]}"/></svg>`;
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    marker.onClick?.();
  });
  return element;
}
