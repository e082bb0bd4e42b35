import { describe, expect, it } from "vitest";
import { type Alert, applyToAlerts, type Couriers, lineThrough, markersOf, withSample } from "../../src/admin/figures";
import type { LiveEvent } from "../../src/live";

function alert(id: string, times = 1): Alert {
  return {
    id,
    kind: "test",
    title: id,
    details: {},
    times,
    raised_at: "",
    acknowledged_at: null,
    acknowledged_by: null,
  };
}

describe("the line of the last five minutes", () => {
  it("keeps 300 seconds, the newest at the right edge", () => {
    let samples: readonly number[] = [];
    for (let second = 0; second < 400; second++) samples = withSample(samples, second);
    expect(samples.length).toBe(300);
    expect(samples[0]).toBe(100);
    const points = lineThrough(samples, 300, 46).split(" ");
    expect(points[0]?.startsWith("0.0,")).toBe(true);
    expect(points.at(-1)).toBe("300.0,0.0");
  });

  it("begins at the right and lies on the ground while there is nothing", () => {
    expect(lineThrough([0], 300, 46)).toBe("300.0,46.0");
    expect(lineThrough([], 300, 46)).toBe("");
  });
});

describe("couriers", () => {
  it("are on the map once they have said where they are", () => {
    const courier = { account_id: "a", name: "Ville", on_duty_since: "", order_ids: ["o"] };
    const location = { latitude: 60.17, longitude: 24.94 };
    const couriers = [courier, { ...courier, account_id: "b", location }].map((one) => ({ location: null, ...one }));
    const markers = markersOf({ couriers } as unknown as Couriers, (name, orders) => `${name} ${orders}`);
    expect(markers).toEqual([{ id: "b", kind: "courier", label: "Ville 1", ...location }]);
  });
});

describe("alerts", () => {
  const event = (type: string, data: object) => ({ topic: "", epoch: "", seq: 1, at: "", type, data }) as LiveEvent;

  it("are raised once, again on top, and go when somebody takes notice", () => {
    let alerts = applyToAlerts([alert("a")], event("alert.raised", { alert: alert("b") }));
    alerts = applyToAlerts(alerts, event("alert.raised", { alert: alert("a", 2) }));
    expect(alerts.map((one) => [one.id, one.times])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(applyToAlerts(alerts, event("alert.acknowledged", { alert_id: "a" })).map((one) => one.id)).toEqual(["b"]);
  });
});
