/** A courier at work: who sees them, what is offered, what they bring, and never a doubt whether it is connected. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import type { Resource } from "../live";
import { useBell, useTab } from "../ui/attention";
import { useDisconnected, useLasting } from "../ui/connection";
import { serverNow } from "../ui/server-clock";
import { Icon } from "../ui/icons";
import type { Ringer } from "../ui/ringer";
import { Muted } from "../ui/sound";
import { answers, asWanted } from "./actions";
import { Asked } from "./asking";
import { AssignmentCard } from "./assignment-card";
import { Head } from "./head";
import { NewsList } from "./news-list";
import { LocationTrouble, OffDuty } from "./duty";
import { OfferCard } from "./offer-card";
import type { Position } from "./position";
import { useDevice, useShift } from "./shift";
import type { Assignment, Offer, Standing } from "./standing";
import { WaySection } from "./way-section";

/** A picture that catches up for longer than this is not the truth. */
const OLD_MS = 3_000;

interface WorkProps {
  me: Resource<Standing>;
  standing: Standing;
  ringer: Ringer;
}

export function Work({ me, standing, ringer }: WorkProps) {
  const device = useDevice();
  useShift(device, standing);
  const put = useSignal<ReadonlySet<string>>(new Set());
  const away = useDisconnected();
  const disconnected = useLasting(me.status.value === "old", OLD_MS) || away;
  const offer = shownOffer(standing.offers, put.value);
  useCalls(ringer, offer, disconnected);
  return (
    <div
      class="courier-page"
      data-on-duty={standing.onDutySince !== null}
      data-connected={!disconnected}
      data-sound={ringer.sound.value}
      data-audible={ringer.audible.value}
      data-reports={device.reports.waiting.value}
    >
      <Head me={me} standing={standing} ringer={ringer} disconnected={disconnected} />
      <main class="work">
        <NewsList me={me} news={standing.news} />
        {standing.onDutySince === null ? (
          <OffDuty me={me} device={device} ringer={ringer} />
        ) : (
          <>
            <LocationTrouble position={device.position} />
            {!ringer.audible.value && <Muted ringer={ringer} text={t("courier.muted")} />}
            <Orders me={me} assignments={standing.assignments} position={device.position} />
          </>
        )}
      </main>
      {offer && (
        <OfferCard
          key={offer.offer_id}
          me={me}
          offer={offer}
          onClose={() => (put.value = new Set([...put.value, offer.offer_id]))}
        />
      )}
    </div>
  );
}

/** Rings while an offer waits for an answer. */
function useCalls(ringer: Ringer, offer: Offer | undefined, disconnected: boolean): void {
  const calls =
    offer !== undefined && !answers.value.has(offer.offer_id) && Date.parse(offer.expires_at) > serverNow.value;
  useBell(ringer, calls ? 3 : null);
  useTab(t("courier.title"), calls ? 1 : 0, disconnected);
}

interface OrdersProps {
  me: Resource<Standing>;
  assignments: readonly Assignment[];
  position: Position;
}

function Orders({ me, assignments: confirmed, position }: OrdersProps) {
  const chosen = useSignal("");
  const assignments = asWanted(confirmed);
  const current = currentOf(assignments, chosen.value);
  if (!current) return <Waiting />;
  return (
    <>
      <WaySection
        key={legOf(current)}
        assignment={current}
        isConfirmed={confirmed.some((one) => legOf(one) === legOf(current))}
        position={position}
      />
      <ul class="assignments" aria-label={t("courier.orders")}>
        {assignments.map((one) => (
          <li key={one.order_id}>
            <AssignmentCard
              me={me}
              assignment={one}
              isCurrent={one === current}
              onChoose={() => (chosen.value = one.order_id)}
            />
          </li>
        ))}
      </ul>
      <Asked me={me} assignments={assignments} />
    </>
  );
}

function Waiting() {
  return (
    <div class="empty">
      <Icon name="bell" size={48} />
      <p>{t("courier.waiting")}</p>
    </div>
  );
}

/** The one that is over first; not what somebody has put aside. */
function shownOffer(offers: readonly Offer[], put: ReadonlySet<string>): Offer | undefined {
  return offers
    .filter((one) => !put.has(one.offer_id) && answers.value.get(one.offer_id) !== "decline")
    .toSorted((one, other) => one.expires_at.localeCompare(other.expires_at))[0];
}

/** The one a person has chosen, else food that is on its way, else the first. */
function currentOf(assignments: readonly Assignment[], chosen: string): Assignment | undefined {
  return (
    assignments.find((one) => one.order_id === chosen) ??
    assignments.find((one) => one.state === "on_board") ??
    assignments[0]
  );
}

/** Each order has two ways: to the restaurant, and to the door. */
function legOf({ order_id, state }: Assignment): string {
  return `${order_id} ${state === "on_board"}`;
}
