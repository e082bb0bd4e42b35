/**
 * Tells the server where the courier is: every 12 s the newest fix becomes a report. What cannot be sent waits, over
 * reloads too, and goes later as one list, the oldest first; a list is under way once at a time and gone when it was
 * answered, whatever the answer. The server looks at the last position only, and shows it to nobody it should not.
 *
 * Nothing is recorded before `start` and after `stop`, and nothing of one shift is sent in another.
 */
import { signal } from "@preact/signals";
import type { Commands } from "../api/generated/live";
import { CommandRefused, type Live } from "../live";
import type { Fix, Position } from "./position";

export type Report = Commands["location.report"]["reports"][number];

const EVERY_MS = 12_000;
/** The server takes no longer list. */
const MOST = 500;
/** nor anything vaguer */
const LEAST_ACCURATE_METERS = 100_000;
const STORED = "tiffin.location";
/** After these the server may not have the reports, and would take them. */
const NOT_TAKEN = new Set([
  "not_connected",
  "connection_lost",
  "expired",
  "unavailable",
  "rate_limited",
  "internal_error",
]);

interface Shift {
  /** when it began, as the server has it */
  since: string;
  reports: Report[];
}

export class LocationReports {
  /** How many reports wait. */
  readonly waiting = signal(0);
  private shift: Shift | null = null;
  /** the fix of the newest report, by this device's clock */
  private reportedAt = 0;
  /** the next fix is to be reported as soon as it comes */
  private due = false;
  private sending = false;
  private endings: (() => void)[] = [];

  /** `toServer`: the server's time at a moment of this device's clock. */
  constructor(
    private readonly position: Position,
    private readonly live: Pick<Live, "command" | "connection">,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
    private readonly toServer: (here: number) => number,
  ) {}

  /** Record from now on, in the shift that began at `since`. */
  start(since: string): void {
    this.stop();
    this.keep({ since, reports: this.left(since) });
    this.due = true;
    const timer = setInterval(() => this.tick(), EVERY_MS);
    this.endings = [
      () => clearInterval(timer),
      this.position.fix.subscribe((fix) => fix && this.due && this.take(fix)),
      this.live.connection.subscribe(() => void this.send()),
    ];
  }

  /** Record nothing more; what waits is there for the next start of this shift. */
  stop(): void {
    for (const end of this.endings) end();
    this.endings = [];
    this.shift = null;
    this.waiting.value = 0;
  }

  /** The shift is over: nothing is left. */
  forget(): void {
    this.stop();
    this.storage.removeItem(STORED);
  }

  /** Measure and report now, before the next report is due. */
  reportNow(): void {
    if (!this.shift) return;
    this.due = true;
    this.position.refresh();
  }

  private tick(): void {
    const fix = this.position.fix.peek();
    if (fix && fix.at !== this.reportedAt) return this.take(fix);
    this.due = true;
    this.position.refresh();
    void this.send();
  }

  private take(fix: Fix): void {
    if (!this.shift || fix.at === this.reportedAt) return;
    this.due = false;
    this.reportedAt = fix.at;
    const reports = [...this.shift.reports, reportOf(fix, this.toServer(fix.at))].slice(-MOST);
    this.keep({ ...this.shift, reports });
    void this.send();
  }

  private async send(): Promise<void> {
    const { shift } = this;
    if (this.sending || !shift?.reports.length || this.live.connection.peek().state !== "open") return;
    this.sending = true;
    const code = await this.ask(shift.reports);
    this.sending = false;
    if (this.shift?.since !== shift.since) return void this.send();
    if (code === "off_duty") return this.forget();
    if (NOT_TAKEN.has(code)) return; // again with the next tick, or connection
    const sent = new Set(shift.reports);
    this.keep({ ...this.shift, reports: this.shift.reports.filter((report) => !sent.has(report)) });
    void this.send();
  }

  /** Why the server did not take them; nothing if it did. */
  private async ask(reports: Report[]): Promise<string> {
    try {
      await this.live.command("location.report", { reports });
      return "";
    } catch (error) {
      return error instanceof CommandRefused ? error.code : "internal_error";
    }
  }

  private keep(shift: Shift): void {
    this.shift = shift;
    this.waiting.value = shift.reports.length;
    try {
      this.storage.setItem(STORED, JSON.stringify(shift));
    } catch {
      // a browser without storage still reports; what is lost is only the surviving of a reload
    }
  }

  /** What the same shift could not send before a reload. */
  private left(since: string): Report[] {
    try {
      const stored = JSON.parse(this.storage.getItem(STORED) ?? "null") as Shift | null;
      return stored?.since === since ? stored.reports : [];
    } catch {
      return [];
    }
  }
}

function reportOf(fix: Fix, at: number): Report {
  return {
    latitude: fix.latitude,
    longitude: fix.longitude,
    accuracy_meters: Math.min(fix.accuracyMeters, LEAST_ACCURATE_METERS),
    heading_degrees: fix.headingDegrees,
    speed_mps: fix.speedMps,
    at: new Date(at).toISOString(),
  };
}
