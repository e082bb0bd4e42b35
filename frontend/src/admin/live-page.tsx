/** What happens now: figures that the server sends every second, alerts, and couriers on the map. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { api, ask, loadable } from "../app/api";
import { live } from "../app/session";
import { ago, clockWithSeconds, day, t } from "../i18n";
import type { ResourceOptions } from "../live/resource";
import { CityMap } from "../map/city-map";
import { useAction, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { serverNow } from "../ui/server-clock";
import {
  type Alert,
  applyToAlerts,
  type Couriers,
  LATE_MS,
  lineThrough,
  markersOf,
  type Now,
  OLD_MS,
  type Part,
  STATES,
  withSample,
} from "./figures";

export function LivePage() {
  const figures = useSignal<Now | null>(null);
  const samples = useSignal<readonly number[]>([]);
  useEffect(() => void (document.title = `${t("admin.live")} · ${t("admin.title")}`), []);
  useEffect(
    () =>
      live().watch("operations.now", {
        latest: (data) => {
          const now = data as Now;
          figures.value = now;
          samples.value = withSample(samples.peek(), now.orders_last_minute);
        },
      }),
    [],
  );
  const now = figures.value;
  return (
    <main id="content" class="admin-page live-page stack">
      <h1 class="visually-hidden">{t("admin.live")}</h1>
      {now ? (
        <>
          <Age at={now.at} />
          <Parts parts={now.parts} />
          <Ticket ticket={now.oldest_ticket} />
          <div class="figures">
            <Orders now={now} samples={samples.value} />
            <Restaurants restaurants={now.restaurants} />
            <Card title={t("admin.couriers")}>
              <Figure name={t("admin.onDuty")} value={now.couriers.on_duty} />
              <Figure name={t("admin.busy")} value={now.couriers.busy} />
              <Figure name={t("admin.searching")} value={now.couriers.searching} isBad={now.couriers.searching > 0} />
            </Card>
            <Card title={t("admin.support")}>
              <Figure name={t("admin.waiting")} value={now.support.waiting} isBad={isUnattended(now)} />
              <Figure name={t("admin.assigned")} value={now.support.assigned} />
              <Figure name={t("admin.agents")} value={now.support.agents} />
            </Card>
          </div>
        </>
      ) : (
        <div class="skeleton" role="status" aria-label={t("loading")} />
      )}
      <Alerts />
      <OnTheMap />
    </main>
  );
}

function isUnattended({ support }: Now): boolean {
  return support.waiting > 0 && support.agents === 0;
}

/** Says how old the figures are once they are old. */
function Age({ at }: { at: string }) {
  const age = serverNow.value - Date.parse(at);
  if (age < OLD_MS) return null;
  return (
    <p class="note bad" role="alert">
      {t("admin.old", { time: clockWithSeconds(at) })}
    </p>
  );
}

function Parts({ parts }: { parts: readonly Part[] }) {
  return (
    <ul class="parts" aria-label={t("admin.parts")}>
      {parts.map(({ part, ok, figure }) => (
        <li key={part} class="part" data-part={part} data-ok={ok}>
          <span class={ok ? "dot on" : "dot"} />
          <span>{t(`admin.part.${part}`)}</span>
          <span class="quiet number small">
            {t(`admin.part.${part}.figure.${ok ? "ok" : "bad"}`, { count: figure })}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Ticket({ ticket }: { ticket: Now["oldest_ticket"] }) {
  if (!ticket) return null;
  const age = Math.max(0, serverNow.value - Date.parse(ticket.created_at));
  const values = { number: ticket.number, restaurant: ticket.restaurant_name, ago: ago(age) };
  return (
    <p class={age > LATE_MS ? "note bad row" : "note row"} data-ticket={ticket.order_id}>
      <Icon name="bell" />
      {t(ticket.received ? "admin.unseen" : "admin.unreceived", values)}
    </p>
  );
}

function Orders({ now, samples }: { now: Now; samples: readonly number[] }) {
  const most = Math.max(1, ...STATES.map((state) => now.orders[state] ?? 0));
  return (
    <Card title={t("admin.orders")}>
      <ul class="bars">
        {STATES.map((state) => {
          const count = now.orders[state] ?? 0;
          if (count === 0 && state === "awaiting_payment") return null;
          return (
            <li key={state} data-orders={state}>
              <span>{t(`admin.order.${state}`)}</span>
              <meter min={0} max={most} value={count} aria-hidden="true" />
              <strong class="number">{count}</strong>
            </li>
          );
        })}
      </ul>
      <Figure name={t("admin.lastMinute")} value={now.orders_last_minute} />
      <svg class="spark" viewBox="0 0 300 48" preserveAspectRatio="none" role="img" aria-label={t("admin.spark")}>
        <polyline points={lineThrough(samples, 300, 46)} />
      </svg>
    </Card>
  );
}

function Restaurants({ restaurants: { open, away, away_count } }: Pick<Now, "restaurants">) {
  return (
    <Card title={t("admin.restaurants")}>
      <Figure name={t("admin.open")} value={open} />
      <Figure name={t("admin.nobody")} value={away_count} isBad={away_count > 0} />
      {away.length > 0 && (
        <ul class="away small">
          {away.map((one) => (
            <li key={one.restaurant_id}>{one.name}</li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card stack tight" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Figure({ name, value, isBad = false }: { name: string; value: number; isBad?: boolean }) {
  return (
    <p class="figure" data-bad={isBad}>
      <span class="grow">{name}</span>
      <strong class="number">{value}</strong>
    </p>
  );
}

const alertsOptions: ResourceOptions<readonly Alert[]> = {
  topic: "alerts.operations",
  load: async () => {
    const { position, alerts } = await loadable(ask(api.GET("/v1/alerts")));
    return { state: alerts, position };
  },
  apply: applyToAlerts,
};

function Alerts() {
  const resource = useResource(alertsOptions);
  const alerts = resource.value.value ?? [];
  const acknowledge = useAction(async (alert: Alert) => {
    await ask(api.POST("/v1/alerts/{alert_id}/acknowledge", { params: { path: { alert_id: alert.id } } }));
    resource.patch((now) => now.filter((one) => one.id !== alert.id));
  });
  return (
    <section class="stack tight" aria-label={t("admin.alerts")}>
      <h2>{t("admin.alerts")}</h2>
      {alerts.length === 0 && <p class="quiet">{t("admin.noAlerts")}</p>}
      <ul class="stack tight">
        {alerts.map((alert) => (
          <li key={alert.id} class="note bad row alert" data-kind={alert.kind}>
            <span class="grow">
              {alert.title}
              <span class="small">
                {" "}
                · {day(alert.raised_at)}
                {alert.times > 1 && ` · ${t("admin.raised", { count: alert.times })}`}
              </span>
            </span>
            <button disabled={acknowledge.busy} onClick={() => void acknowledge.run(alert)}>
              {t("admin.acknowledge")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where couriers are is shown when somebody asks for it, since each look stands in the audit log. */
function OnTheMap() {
  const couriers = useSignal<Couriers | null>(null);
  const isLooking = useSignal(false);
  const look = useAction(async () => {
    couriers.value = await ask(api.GET("/v1/couriers"));
    isLooking.value = true;
  });
  useEffect(() => {
    if (!isLooking.value) return;
    return live().watch("operations.couriers", {
      latest: (data) => (couriers.value = data as Couriers),
      // an hour has passed: whoever still looks, looks again
      refused: () => {
        isLooking.value = false;
        couriers.value = null;
      },
    });
  }, [isLooking.value]);
  const shown = couriers.value;
  return (
    <section class="stack tight" aria-label={t("admin.map")}>
      <h2>{t("admin.map")}</h2>
      {shown ? (
        <div class="live-map" data-couriers={shown.couriers.length}>
          <CityMap markers={markersOf(shown, (name, count) => t("admin.courier", { name, count }))} steady />
        </div>
      ) : (
        <div class="row">
          <button disabled={look.busy} onClick={() => void look.run()}>
            <Icon name="map" />
            {t("admin.look")}
          </button>
          <span class="quiet small">{t("admin.lookHint")}</span>
        </div>
      )}
    </section>
  );
}
