/** This device while its courier is on duty: it knows where it is, reports it, and stays awake. */
import { useEffect, useMemo } from "preact/hooks";
import { live } from "../app/session";
import { toServer } from "../ui/server-clock";
import { keepAwake } from "../ui/wake-lock";
import { LocationReports } from "./location";
import { Position } from "./position";
import type { Standing } from "./standing";

const LOCK = "tiffin-location";
/**
 * So soon after a pick-up its customer is shown where the courier is. They see only what was measured after it, and the
 * server's clock is known to the second.
 */
const BOARDED_MS = 1_500;

export interface Device {
  position: Position;
  reports: LocationReports;
}

export function useDevice(): Device {
  return useMemo(() => {
    const position = new Position(navigator.geolocation);
    return { position, reports: new LocationReports(position, live(), localStorage, toServer) };
  }, []);
}

/** On duty this device measures; of several tabs one reports. Off duty it does neither, and nothing is left. */
export function useShift({ position, reports }: Device, { onDutySince, assignments }: Standing): void {
  useEffect(() => {
    if (onDutySince === null) return reports.forget();
    position.start();
    const letSleep = keepAwake();
    const over = new AbortController();
    const ended = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
    const report = () => {
      reports.start(onDutySince);
      return ended;
    };
    void navigator.locks.request(LOCK, { signal: over.signal }, report).catch(() => undefined);
    return () => {
      over.abort();
      reports.stop();
      position.stop();
      letSleep();
    };
  }, [onDutySince]);
  const onBoard = assignments.filter((one) => one.state === "on_board").length;
  useEffect(() => {
    if (onBoard === 0) return;
    const timer = setTimeout(() => reports.reportNow(), BOARDED_MS);
    return () => clearTimeout(timer);
  }, [onBoard]);
}
