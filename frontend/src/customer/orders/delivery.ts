/** How an order comes: who brings it, and where they are, as long as the customer may know. */
import { useEffect, useMemo } from "preact/hooks";
import { api, ask, loadable, Problem, type Schemas } from "../../app/api";
import { live } from "../../app/session";
import { t } from "../../i18n";
import { type LiveEvent, Resource, type Snapshot } from "../../live";
import type { ResourceOptions } from "../../live/resource";
import type { Courier } from "../../map/courier-pin";
import { Playback, type Report } from "../../map/playback";
import { serverClock } from "../../ui/server-clock";
import { isUnderWay, type Order } from "./order";

export type Delivery = Schemas["DeliveryView"];

const OUTDATING: ReadonlySet<string> = new Set([
  "order.courier_assigned",
  "order.courier_unassigned",
  "order.picked_up",
]);

/** Null where there is none yet. */
export function deliveryOf(id: string): ResourceOptions<Delivery | null> {
  return { topic: `order.${id}`, load: () => load(id), apply, outdates: ({ type }) => OUTDATING.has(type) };
}

async function load(id: string): Promise<Snapshot<Delivery | null>> {
  const params = { path: { order_id: id } };
  // the position first: a delivery that begins between the two is in the answer, and once more in the events
  const { position } = await loadable(ask(api.GET("/v1/orders/{order_id}", { params })));
  try {
    const delivery = await ask(api.GET("/v1/orders/{order_id}/delivery", { params }));
    return { state: delivery as Delivery, position: delivery.position };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { state: null, position: position ?? "" };
    throw error;
  }
}

/** What only a snapshot tells (the code, the way) comes with that. */
function apply(delivery: Delivery | null, event: LiveEvent): Delivery | null {
  if (!delivery) return null;
  switch (event.type) {
    case "order.courier_assigned":
      return { ...delivery, state: "assigned", courier: event.data.courier };
    case "order.courier_arrived":
      return { ...delivery, state: "arrived" };
    case "order.courier_unassigned":
      return { ...delivery, state: "searching", courier: null };
    case "order.courier_near":
      return { ...delivery, near: true };
    default:
      return delivery;
  }
}

/** The delivery of an order that is under way. */
export function useDelivery(order: Order): Delivery | null {
  const wanted = isUnderWay(order.state) ? order.order_id : null;
  const resource = useMemo(() => (wanted ? new Resource(live(), deliveryOf(wanted)) : null), [wanted]);
  useEffect(() => () => resource?.stop(), [resource]);
  return resource?.value.value ?? null;
}

/** The courier as the map shows them, while they have the food. */
export function useCourier(order: Order, delivery: Delivery | null): Courier | null {
  const topic = delivery?.state === "on_board" ? `order.${order.order_id}.location` : null;
  const name = delivery?.courier?.name ?? "";
  const seen = useMemo(() => (topic ? { playback: new Playback(), clock: serverClock() } : null), [topic]);
  useEffect(() => {
    if (!seen || !delivery) return;
    const { playback, clock } = seen;
    playback.follow(wayOf(delivery), clock());
    if (delivery.location) playback.report(reportOf(delivery.location), clock());
  }, [seen, delivery?.way, delivery?.location]);
  useEffect(() => {
    if (!seen || !topic) return;
    return live().watch(topic, {
      latest: (data) => seen.playback.report(reportOf(data as Schemas["SharedLocation"]), seen.clock()),
    });
  }, [seen]);
  return useMemo(
    () => seen && { label: t("map.courier", { name }), look: () => seen.playback.at(seen.clock()) },
    [seen, name],
  );
}

export function wayOf(delivery: Delivery | null) {
  return delivery?.way?.map(([latitude, longitude]) => ({ latitude, longitude })) ?? null;
}

function reportOf(location: Schemas["SharedLocation"]): Report {
  const { latitude, longitude, heading_degrees, speed_mps, at, received_at, assignment } = location;
  return {
    latitude,
    longitude,
    headingDegrees: heading_degrees,
    speedMps: speed_mps,
    at: Date.parse(at),
    receivedAt: Date.parse(received_at),
    assignment,
  };
}
