/** The start: restaurants that deliver to the chosen address, as a list and on a map. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { distance, t } from "../../i18n";
import { CityMap, type Marker } from "../../map/city-map";
import { sentence } from "../../ui/hooks";
import { Icon } from "../../ui/icons";
import { now } from "../../ui/time";
import { place } from "../place";
import { PlaceChooser } from "../place-chooser";
import { type Restaurant, RestaurantList, takesOrders } from "./restaurants";
import { Status, Terms } from "./status";

export function Home() {
  const at = place.value;
  const list = useMemo(() => new RestaurantList(at && pointOf(at)), [at?.latitude, at?.longitude]);
  useEffect(() => () => list.stop(), [list]);
  const search = useSignal("");
  const openOnly = useSignal(false);
  const asMap = useSignal(false);
  const found = list.value.value?.filter((one) => matches(one, search.value, openOnly.value));
  useEffect(() => void (document.title = "Tiffin"), []);
  return (
    <main id="content" class="home">
      <div class="home-head stack">
        <h1>{t("home.title")}</h1>
        <PlaceChooser />
        <div class="row wrap">
          <div class="search grow">
            <Icon name="search" />
            <input
              type="search"
              aria-label={t("home.search")}
              placeholder={t("home.search")}
              value={search.value}
              onInput={(event) => (search.value = event.currentTarget.value)}
            />
          </div>
          <button class="chip" aria-pressed={openOnly.value} onClick={() => (openOnly.value = !openOnly.value)}>
            {t("home.open")}
          </button>
          <button class="chip narrow-only" onClick={() => (asMap.value = !asMap.value)}>
            <Icon name={asMap.value ? "list" : "map"} size={18} />
            {asMap.value ? t("home.list") : t("home.map")}
          </button>
        </div>
      </div>
      <div class="home-body" data-shown={asMap.value ? "map" : "list"}>
        <section class="home-list" aria-label={t("nav.restaurants")}>
          <Found restaurants={found} error={list.error.value} />
        </section>
        <section class="home-map" aria-label={t("home.map")}>
          <RestaurantMap restaurants={found ?? []} />
        </section>
      </div>
    </main>
  );
}

function pointOf({ latitude, longitude }: { latitude: number; longitude: number }) {
  return { latitude, longitude };
}

function matches(restaurant: Restaurant, search: string, openOnly: boolean): boolean {
  const text = `${restaurant.name} ${restaurant.description}`.toLocaleLowerCase();
  return (!openOnly || takesOrders(restaurant, now.value)) && text.includes(search.trim().toLocaleLowerCase());
}

function Found({ restaurants, error }: { restaurants: Restaurant[] | undefined; error: unknown }) {
  if (!restaurants) return error ? <p class="note bad">{sentence(error)}</p> : <Skeletons />;
  return (
    <>
      <p class="quiet small" role="status">
        {t("home.found", { count: restaurants.length })}
      </p>
      {restaurants.length === 0 && <p class="empty">{t("home.none")}</p>}
      <ul class="cards">
        {restaurants.map((restaurant) => (
          <li key={restaurant.id}>
            <RestaurantCard restaurant={restaurant} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Skeletons() {
  return (
    <div class="cards" role="status" aria-label={t("loading")}>
      {[1, 2, 3, 4].map((one) => (
        <div key={one} class="skeleton" />
      ))}
    </div>
  );
}

function RestaurantCard({ restaurant }: { restaurant: Restaurant }) {
  return (
    <a
      class="card restaurant-card"
      href={`/restaurants/${restaurant.id}`}
      data-off={!takesOrders(restaurant, now.value)}
    >
      <div class="row">
        <h2 class="grow">{restaurant.name}</h2>
        <Status restaurant={restaurant} />
      </div>
      <p>{restaurant.description}</p>
      <div class="row wrap">
        <Terms restaurant={restaurant} />
        {typeof restaurant.distance_meters === "number" && (
          <span class="quiet small">{distance(restaurant.distance_meters)}</span>
        )}
      </div>
    </a>
  );
}

function RestaurantMap({ restaurants }: { restaurants: Restaurant[] }) {
  const { route } = useLocation();
  const at = place.value;
  const markers: Marker[] = restaurants.map((one) => ({
    id: one.id,
    kind: "restaurant",
    label: one.name,
    latitude: one.latitude,
    longitude: one.longitude,
    onClick: () => route(`/restaurants/${one.id}`),
  }));
  if (at) markers.push({ id: "home", kind: "home", label: t("map.home"), ...pointOf(at) });
  return <CityMap markers={markers} />;
}
