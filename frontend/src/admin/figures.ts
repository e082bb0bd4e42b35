/** What the page of operations makes of the server's figures. No I/O. */
import type { components } from "../api/generated/live";
import type { Schemas } from "../app/api";
import type { LiveEvent } from "../live";
import type { Marker } from "../map/city-map";

export type Now = components["schemas"]["OperationsNow"];
export type Part = Now["parts"][number];
export type Couriers = Schemas["CourierList"];
export type Alert = Schemas["AlertView"];

/** Orders under way, in the order in which they go. */
export const STATES = ["awaiting_payment", "placed", "confirmed", "preparing", "ready", "picked_up"] as const;

/** A ticket that nobody has seen for this long is late. */
export const LATE_MS = 10_000;
/** Figures come every second; older ones are told to be old. */
export const OLD_MS = 5_000;
const MOST_SAMPLES = 300;

export function withSample(samples: readonly number[], newest: number): readonly number[] {
  return [...samples.slice(1 - MOST_SAMPLES), newest];
}

/** A line through the samples in a box of this size, the newest at its right edge. */
export function lineThrough(samples: readonly number[], width: number, height: number): string {
  const most = Math.max(1, ...samples);
  const left = MOST_SAMPLES - samples.length;
  return samples
    .map((sample, index) => {
      const x = ((left + index) / (MOST_SAMPLES - 1)) * width;
      return `${x.toFixed(1)},${(height - (sample / most) * height).toFixed(1)}`;
    })
    .join(" ");
}

export function markersOf({ couriers }: Couriers, labelOf: (name: string, orders: number) => string): Marker[] {
  return couriers.flatMap(({ account_id, name, location, order_ids }) =>
    location
      ? [
          {
            id: account_id,
            kind: "courier" as const,
            label: labelOf(name, order_ids.length),
            latitude: location.latitude,
            longitude: location.longitude,
          },
        ]
      : [],
  );
}

export function applyToAlerts(alerts: readonly Alert[], event: LiveEvent): readonly Alert[] {
  if (event.type === "alert.acknowledged") return alerts.filter((one) => one.id !== event.data.alert_id);
  if (event.type !== "alert.raised") return alerts;
  const { alert } = event.data;
  return [alert, ...alerts.filter((one) => one.id !== alert.id)];
}
