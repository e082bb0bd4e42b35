/** A map with markers, a way and a courier who moves. Its library comes only when a map is shown; where it cannot, the page goes on without. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Courier } from "./courier-pin";
import type { DrawnMap } from "./draw";
import type { Point } from "./way";
import "./map.css";

export interface Marker extends Point {
  id: string;
  kind: "restaurant" | "home" | "courier";
  label: string;
  onClick?: () => void;
}

interface CityMapProps {
  markers: Marker[];
  /** to be in view, too, when the map first shows these markers */
  around?: readonly Point[];
  /** a line */
  way?: readonly Point[] | null;
  /** who is on it; another object is another courier */
  courier?: Courier | null;
  /** the view is chosen once, and stays when markers come and go */
  steady?: boolean;
  /** gets the point that a person touches */
  onPick?: (point: Point) => void;
}

export function CityMap({ markers, around = [], way = null, courier = null, steady = false, onPick }: CityMapProps) {
  const element = useRef<HTMLDivElement>(null);
  const drawn = useRef<DrawnMap | null>(null);
  const state = useSignal<"loading" | "shown" | "failed">("loading");
  const newest = useRef({ markers, around, way, courier, onPick });
  newest.current = { markers, around, way, courier, onPick };

  useEffect(() => {
    let gone = false;
    void import("./draw")
      .then(async ({ drawMap }) => {
        if (gone || !element.current) return;
        drawn.current = await drawMap(element.current, (point) => newest.current.onPick?.(point));
        // the component may be gone by now
        if (gone as boolean) return drawn.current.remove();
        drawn.current.show(newest.current.markers, newest.current.around, steady);
        drawn.current.showWay(newest.current.way);
        drawn.current.follow(newest.current.courier);
        state.value = "shown";
      })
      .catch((error: unknown) => {
        console.warn("the map cannot be shown", error);
        state.value = "failed";
      });
    return () => {
      gone = true;
      drawn.current?.remove();
    };
  }, []);

  const shown = JSON.stringify(
    markers.map(({ id, kind, label, latitude, longitude }) => [id, kind, label, latitude, longitude]),
  );
  useEffect(() => drawn.current?.show(newest.current.markers, newest.current.around, steady), [shown]);
  useEffect(() => drawn.current?.showWay(way), [way]);
  useEffect(() => drawn.current?.follow(courier), [courier]);

  return (
    <div class="city-map" data-state={state.value}>
      <div ref={element} class="city-map-canvas" role="group" aria-label={t("map.label")} />
      {state.value === "failed" && <p class="note">{t("map.failed")}</p>}
    </div>
  );
}
