/** From the restaurant to the door, and the courier between them. */
import { useMemo } from "preact/hooks";
import { ago, t } from "../../i18n";
import { CityMap } from "../../map/city-map";
import type { Courier } from "../../map/courier-pin";
import { now } from "../../ui/time";
import { type Delivery, useCourier, wayOf } from "./delivery";
import type { Order } from "./order";

export function OrderMap({ order, delivery }: { order: Order; delivery: Delivery | null }) {
  const { restaurant, destination } = order;
  const courier = useCourier(order, delivery);
  const way = useMemo(() => wayOf(delivery), [delivery?.way]);
  return (
    <div class="order-map" data-moving={courier !== null}>
      <CityMap
        way={way}
        courier={courier}
        markers={[
          { id: "restaurant", kind: "restaurant", label: restaurant.name, ...pointOf(restaurant) },
          { id: "home", kind: "home", label: t("map.home"), ...pointOf(destination) },
        ]}
      />
      {courier && <Age courier={courier} />}
    </div>
  );
}

/** How old what the map shows is, where it is old. */
function Age({ courier }: { courier: Courier }) {
  const sight = useMemo(() => courier.look(), [courier, now.value]);
  if (!sight) return <p class="map-age quiet small">{t("map.noPosition")}</p>;
  return sight.old ? <p class="map-age old small">{t("map.old", { ago: ago(sight.ageMs) })}</p> : null;
}

function pointOf({ latitude, longitude }: { latitude: number; longitude: number }) {
  return { latitude, longitude };
}
