/** How the basemap looks, in light and dark. Its layers are those of tools/city. */
import type { Feature, LineString } from "geojson";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Point } from "./way";

export const BASEMAP = "/map/basemap.pmtiles";

const LIGHT = {
  ground: "#f3efe8",
  water: "#a9d3e8",
  park: "#cfe5c0",
  building: "#e2dacd",
  street: "#ffffff",
  path: "#d9cfbf",
  rail: "#b9b2a6",
  text: "#574e43",
  halo: "#ffffff",
  way: "#b83a0b",
};
const DARK: typeof LIGHT = {
  ground: "#1c1916",
  water: "#17303d",
  park: "#22301f",
  building: "#2b2622",
  street: "#453d35",
  path: "#37312a",
  rail: "#514a42",
  text: "#cbbfb0",
  halo: "#1c1916",
  way: "#ff9a5c",
};

/** A way as what a map draws. */
export function lineOf(way: readonly Point[] | null): Feature<LineString> {
  const coordinates = (way ?? []).map(({ longitude, latitude }) => [longitude, latitude]);
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } };
}

export function styleOf(hasTiles: boolean, dark: boolean, way: readonly Point[] | null): StyleSpecification {
  const colors = dark ? DARK : LIGHT;
  const ground: LayerSpecification = {
    id: "ground",
    type: "background",
    paint: { "background-color": colors.ground },
  };
  const line = { way: { type: "geojson" as const, data: lineOf(way) } };
  if (!hasTiles) return { version: 8, sources: line, layers: [ground, ...ways(colors)] };
  return {
    version: 8,
    sources: {
      ...line,
      city: {
        type: "vector",
        url: `pmtiles://${location.origin}${BASEMAP}`,
        attribution: '<a href="https://www.openstreetmap.org/copyright">© OpenStreetMap contributors</a>',
      },
    },
    layers: [ground, ...areas(colors), ...streets(colors), ...ways(colors), labels(colors)],
  };
}

function areas(colors: typeof LIGHT): LayerSpecification[] {
  const fill = (layer: string, color: string): LayerSpecification => ({
    id: layer,
    type: "fill",
    source: "city",
    "source-layer": layer,
    paint: { "fill-color": color },
  });
  return [fill("park", colors.park), fill("water", colors.water), fill("building", colors.building)];
}

function streets(colors: typeof LIGHT): LayerSpecification[] {
  const isPath = ["in", ["get", "class"], ["literal", ["path", "footway", "steps", "cycleway"]]] as never;
  const width = (thin: number, thick: number) =>
    ["interpolate", ["exponential", 1.6], ["zoom"], 12, thin, 18, thick] as never;
  const line = (id: string, layer: string, color: string, size: never): LayerSpecification => ({
    id,
    type: "line",
    source: "city",
    "source-layer": layer,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": size },
  });
  return [
    line("rail", "rail", colors.rail, width(0.6, 3)),
    { ...line("path", "street", colors.path, width(0.4, 4)), filter: isPath } as LayerSpecification,
    {
      ...line("street", "street", colors.street, width(1.2, 22)),
      filter: ["!", isPath] as never,
    } as LayerSpecification,
  ];
}

function ways(colors: typeof LIGHT): LayerSpecification[] {
  const line = (id: string, color: string, width: number): LayerSpecification => ({
    id,
    type: "line",
    source: "way",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": width },
  });
  return [line("way-edge", colors.halo, 8), line("way", colors.way, 4)];
}

function labels(colors: typeof LIGHT): LayerSpecification {
  return {
    id: "street-name",
    type: "symbol",
    source: "city",
    "source-layer": "street",
    minzoom: 14,
    layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "text-font": ["sans-serif"] },
    paint: { "text-color": colors.text, "text-halo-color": colors.halo, "text-halo-width": 1.5 },
  };
}
