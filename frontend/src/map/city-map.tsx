/** A map with markers. Its library comes only when a map is shown; where it cannot, the page goes on without. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { DrawnMap } from "./draw";
import "./map.css";

export interface Marker {
  id: string;
  kind: "restaurant" | "home" | "courier";
  label: string;
  latitude: number;
  longitude: number;
  onClick?: () => void;
}

interface CityMapProps {
  markers: Marker[];
  /** gets the point that a person touches */
  onPick?: (point: { latitude: number; longitude: number }) => void;
}

export function CityMap({ markers, onPick }: CityMapProps) {
  const element = useRef<HTMLDivElement>(null);
  const drawn = useRef<DrawnMap | null>(null);
  const state = useSignal<"loading" | "shown" | "failed">("loading");
  const newest = useRef({ markers, onPick });
  newest.current = { markers, onPick };

  useEffect(() => {
    let gone = false;
    void import("./draw")
      .then(async ({ drawMap }) => {
        if (gone || !element.current) return;
        drawn.current = await drawMap(element.current, (point) => newest.current.onPick?.(point));
        // the component may be gone by now
        if (gone as boolean) return drawn.current.remove();
        drawn.current.show(newest.current.markers);
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
  useEffect(() => drawn.current?.show(newest.current.markers), [shown]);

  return (
    <div class="city-map" data-state={state.value}>
      <div ref={element} class="city-map-canvas" role="group" aria-label={t("map.label")} />
      {state.value === "failed" && <p class="note">{t("map.failed")}</p>}
    </div>
  );
}
