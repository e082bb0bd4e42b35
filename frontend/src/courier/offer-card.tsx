/** An order that is held out, over everything else, until it is answered or its time is over. */
import { useEffect, useRef } from "preact/hooks";
import { clock, distance, t } from "../i18n";
import type { Resource } from "../live";
import { useDisconnected } from "../ui/connection";
import { Icon } from "../ui/icons";
import { serverNow } from "../ui/server-clock";
import { acceptOffer, answers, declineOffer } from "./actions";
import type { Offer, Standing } from "./standing";

const SHAKE = [400, 200, 400];
const SHAKE_MS = 2_000;

interface OfferCardProps {
  me: Resource<Standing>;
  offer: Offer;
  /** put it aside, once it is over */
  onClose: () => void;
}

export function OfferCard({ me, offer, onClose }: OfferCardProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const busy = answers.value.has(offer.offer_id);
  const left = Math.max(0, Date.parse(offer.expires_at) - serverNow.value);
  const isOver = left === 0 && !busy;
  useShaking(!isOver && !busy);
  return (
    <dialog
      ref={element}
      class="offer"
      aria-labelledby="offer-title"
      // only an answer ends it, or time
      onCancel={(event) => event.preventDefault()}
      onClose={() => element.current?.isConnected && element.current.showModal()}
    >
      <Countdown offer={offer} left={left} />
      <h2 id="offer-title">{t("courier.offer", { restaurant: offer.restaurant.name })}</h2>
      <p class="quiet">{offer.restaurant.address}</p>
      <Facts offer={offer} />
      {isOver ? (
        <>
          <p class="note" role="alert">
            {t("courier.offerOver")}
          </p>
          <button class="huge" onClick={onClose}>
            {t("action.close")}
          </button>
        </>
      ) : (
        <Answers me={me} offer={offer} busy={busy} />
      )}
    </dialog>
  );
}

function Answers({ me, offer, busy }: { me: Resource<Standing>; offer: Offer; busy: boolean }) {
  const disconnected = useDisconnected();
  return (
    <div class="offer-answers">
      {disconnected && <p class="note bad">{t(busy ? "courier.waitsForConnection" : "connection.off")}</p>}
      <button autofocus class="primary accept" disabled={busy} onClick={() => void acceptOffer(me, offer)}>
        {t("courier.accept")}
      </button>
      <button class="huge" disabled={busy} onClick={() => void declineOffer(me, offer)}>
        {t("courier.decline")}
      </button>
    </div>
  );
}

function Facts({ offer }: { offer: Offer }) {
  return (
    <dl class="facts">
      <div>
        <dt>{t("courier.toRestaurant")}</dt>
        <dd class="number">{distance(offer.distance_meters)}</dd>
      </div>
      <div>
        <dt>{t("courier.toDoor")}</dt>
        <dd class="number">{distance(offer.way_meters)}</dd>
      </div>
      <div>
        <dt>{t("courier.readyAt")}</dt>
        <dd class="number">{clock(offer.ready_at)}</dd>
      </div>
    </dl>
  );
}

/** By the server's clock: the courier's may be wrong. */
function Countdown({ offer, left }: { offer: Offer; left: number }) {
  const whole = Date.parse(offer.expires_at) - Date.parse(offer.offered_at);
  // the server's clock is known to the second
  const seconds = Math.ceil(Math.min(left, whole) / 1000);
  return (
    <p class="countdown" data-hurry={seconds <= 5}>
      <Icon name="clock" size={28} />
      <span class="number" role="timer">
        {t("courier.seconds", { count: seconds })}
      </span>
      <progress max={whole} value={left} aria-hidden="true" />
    </p>
  );
}

/** The phone shakes, for whoever does not hear it; browsers allow it after a touch. */
function useShaking(on: boolean): void {
  useEffect(() => {
    // not every browser has them
    const { userActivation, vibrate } = navigator as Partial<Navigator>;
    if (!on || !vibrate || !userActivation?.hasBeenActive) return;
    navigator.vibrate(SHAKE);
    const timer = setInterval(() => navigator.vibrate(SHAKE), SHAKE_MS);
    return () => {
      clearInterval(timer);
      navigator.vibrate(0);
    };
  }, [on]);
}
