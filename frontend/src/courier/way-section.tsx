/** The way to the next stop: a map with it, and how far it still is. */
import { useEffect, useMemo } from "preact/hooks";
import { api, ask } from "../app/api";
import { distance, t } from "../i18n";
import { CityMap, type Marker } from "../map/city-map";
import type { Courier } from "../map/courier-pin";
import { Guide, pointsOf, progressOn, type WayView } from "./guide";
import type { Position } from "./position";
import type { Assignment } from "./standing";

const OLD_MS = 60_000;

interface WaySectionProps {
  assignment: Assignment;
  /** whether the server knows that this is the next stop */
  isConfirmed: boolean;
  position: Position;
}

/** Of one leg: another stop is another section. */
export function WaySection({ assignment, isConfirmed, position }: WaySectionProps) {
  const guide = useMemo(() => new Guide((from) => loadWay(assignment.order_id, from)), []);
  const courier = useMemo(() => courierAt(position), [position]);
  const fix = position.fix.value;
  useEffect(() => {
    if (fix && isConfirmed) void guide.follow(fix);
  }, [fix, isConfirmed]);
  const way = guide.way.value;
  const line = useMemo(() => way && pointsOf(way), [way]);
  const stop = stopOf(assignment, line !== null);
  const isSettled = fix !== null || position.trouble.value !== null;
  const around = [...(fix ? [fix] : []), ...(line ?? [])];
  return (
    <section class="way-section" aria-label={t("courier.way")}>
      <div class="way-map">
        {isSettled && <CityMap markers={[stop]} around={around} way={line} courier={courier} />}
      </div>
      <p class="way-left" role="status">
        <strong>{t("courier.to", { name: stop.label })}</strong>
        {way && fix && <Left progress={progressOn(way, fix)} />}
      </p>
    </section>
  );
}

function Left({ progress }: { progress: ReturnType<typeof progressOn> }) {
  const minutes = Math.max(1, Math.round(progress.leftSeconds / 60));
  return (
    <span class="number">
      {" "}
      {distance(progress.leftMeters)} · {t("courier.minutes", { minutes })}
    </span>
  );
}

async function loadWay(order_id: string, { latitude, longitude }: { latitude: number; longitude: number }) {
  const params = { path: { order_id }, query: { latitude, longitude } };
  return (await ask(api.GET("/v1/assignments/{order_id}/way", { params }))) as WayView;
}

/** With a way it is another marker: all of it is brought into view. */
function stopOf({ state, restaurant, destination, customer_name }: Assignment, hasWay: boolean): Marker {
  const id = String(hasWay);
  const pointOf = ({ latitude, longitude }: { latitude: number; longitude: number }) => ({ latitude, longitude });
  if (state === "on_board") return { id, kind: "home", label: customer_name, ...pointOf(destination) };
  return { id, kind: "restaurant", label: restaurant.name, ...pointOf(restaurant) };
}

/** The own position as it was measured last. */
function courierAt(position: Position): Courier {
  const look = () => {
    const fix = position.fix.peek();
    if (!fix) return null;
    const ageMs = Date.now() - fix.at;
    const { latitude, longitude, headingDegrees } = fix;
    return { latitude, longitude, headingDegrees, ageMs, old: ageMs > OLD_MS, jumps: 0 };
  };
  return { label: t("courier.you"), look };
}
