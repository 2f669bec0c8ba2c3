import assert from "node:assert/strict";
import fc from "fast-check";
import type { Freeze } from "../../gates/declared.ts";
import { frozenAt, wallText } from "../../gates/freeze.ts";

const weekend = { from: "fri 12:00", to: "mon 06:00" };
const of = (timeZone: string, more: Partial<Freeze>): Freeze => ({ timeZone, weekly: [], dated: [], ...more });

/** When the freeze that is on then is over, in UTC; empty: none is. */
function until(freeze: Freeze, at: string): string {
  const frozen = frozenAt(freeze, Date.parse(at));
  return frozen === undefined ? "" : new Date(frozen.until).toISOString().slice(0, 16);
}

describe("gates: the freeze", () => {
  it("begins with its first minute, is over with its last, and goes over Sunday", () => {
    const freeze = of("UTC", { weekly: [weekend] });
    assert.equal(until(freeze, "2026-11-20T11:59:59Z"), "");
    assert.equal(until(freeze, "2026-11-20T12:00:00Z"), "2026-11-23T06:00");
    assert.equal(until(freeze, "2026-11-22T23:59:59Z"), "2026-11-23T06:00");
    assert.equal(until(freeze, "2026-11-23T00:00:00Z"), "2026-11-23T06:00");
    assert.equal(until(freeze, "2026-11-23T05:59:59Z"), "2026-11-23T06:00");
    assert.equal(until(freeze, "2026-11-23T06:00:00Z"), "");
    assert.equal(until(freeze, "2026-11-25T12:00:00Z"), "");
  });

  it("is by the clock on the wall of its zone, east and west of UTC", () => {
    const east = of("Asia/Singapore", { weekly: [weekend] });
    assert.equal(until(east, "2026-11-20T03:59:00Z"), "");
    assert.equal(until(east, "2026-11-20T04:00:00Z"), "2026-11-22T22:00");
    assert.equal(until(east, "2026-11-22T22:00:00Z"), "");
    const west = of("Pacific/Honolulu", { weekly: [{ from: "sun 20:00", to: "sun 23:00" }] });
    assert.equal(until(west, "2026-11-23T06:30:00Z"), "2026-11-23T09:00");
    const half = of("Asia/Kolkata", { weekly: [{ from: "mon 00:00", to: "mon 01:00" }] });
    assert.equal(until(half, "2026-11-22T18:29:59Z"), "");
    assert.equal(until(half, "2026-11-22T18:30:00Z"), "2026-11-22T19:30");
  });

  it("keeps to the wall over the days on which clocks are put forward and back", () => {
    const berlin = of("Europe/Berlin", { weekly: [weekend] });
    // Forward on Sunday, 2026-03-29; back on Sunday, 2026-10-25.
    assert.equal(until(berlin, "2026-03-27T11:00:00Z"), "2026-03-30T04:00");
    assert.equal(until(berlin, "2026-03-30T04:00:00Z"), "");
    assert.equal(until(berlin, "2026-10-23T10:00:00Z"), "2026-10-26T05:00");
    assert.equal(until(berlin, "2026-10-26T04:59:59Z"), "2026-10-26T05:00");
  });

  it("has an hour that comes twice from its first coming to the end of its second", () => {
    // 02:00 to 03:00 comes at 00:00 UTC and again at 01:00 UTC.
    const inside = of("Europe/Berlin", { weekly: [{ from: "sun 02:15", to: "sun 02:45" }] });
    assert.equal(until(inside, "2026-10-25T00:14:59Z"), "");
    assert.equal(until(inside, "2026-10-25T00:15:00Z"), "2026-10-25T01:45");
    assert.equal(until(inside, "2026-10-25T00:50:00Z"), "2026-10-25T01:45");
    assert.equal(until(inside, "2026-10-25T01:45:00Z"), "");
  });

  it("does not lose a window to an hour that is left out", () => {
    // From 02:00 clocks show 03:00, at 01:00 UTC.
    const ends = of("Europe/Berlin", { weekly: [{ from: "sat 12:00", to: "sun 02:30" }] });
    assert.equal(until(ends, "2026-03-29T00:59:00Z"), "2026-03-29T01:30");
    const begins = of("Europe/Berlin", { weekly: [{ from: "sun 02:30", to: "sun 06:00" }] });
    assert.equal(until(begins, "2026-03-29T01:00:00Z"), "2026-03-29T04:00");
    const within = of("Europe/Berlin", { dated: [{ from: "2026-03-29 02:15", to: "2026-03-29 02:45" }] });
    assert.equal(until(within, "2026-03-29T01:30:00Z"), "2026-03-29T01:45");
  });

  it("knows a zone that has changed its clocks by half an hour, and one beside the date line", () => {
    const lordHowe = of("Australia/Lord_Howe", { weekly: [{ from: "sun 00:00", to: "sun 12:00" }] });
    assert.equal(until(lordHowe, "2026-10-03T13:30:00Z"), "2026-10-04T01:00");
    const kiritimati = of("Pacific/Kiritimati", { weekly: [{ from: "mon 00:00", to: "mon 01:00" }] });
    assert.equal(until(kiritimati, "2026-11-22T10:30:00Z"), "2026-11-22T11:00");
  });

  it("takes dates once, over the end of a year and on a leap day", () => {
    const dated = [
      { from: "2026-12-20 00:00", to: "2027-01-03 06:00", why: "the year's end" },
      { from: "2028-02-29 00:00", to: "2028-03-01 00:00" },
    ];
    const freeze = of("Asia/Singapore", { dated });
    assert.equal(until(freeze, "2026-12-19T15:59:59Z"), "");
    assert.equal(until(freeze, "2026-12-31T20:00:00Z"), "2027-01-02T22:00");
    assert.equal(until(freeze, "2027-12-25T00:00:00Z"), "");
    assert.equal(until(freeze, "2028-02-29T00:00:00Z"), "2028-02-29T16:00");
    assert.equal(
      frozenAt(freeze, Date.parse("2026-12-31T20:00:00Z"))?.window,
      "2026-12-20 00:00 to 2027-01-03 06:00, the year's end",
    );
  });

  it("is over when no window follows, however they overlap or touch", () => {
    const freeze = of("UTC", {
      weekly: [weekend, { from: "sat 00:00", to: "sun 00:00" }],
      dated: [{ from: "2026-11-23 06:00", to: "2026-11-24 00:00" }],
    });
    assert.equal(until(freeze, "2026-11-21T12:00:00Z"), "2026-11-24T00:00");
  });

  it("ends, where the windows of a week leave no gap", () => {
    const weekly = [
      { from: "mon 00:00", to: "thu 00:00" },
      { from: "thu 00:00", to: "mon 00:00" },
    ];
    assert.match(until(of("UTC", { weekly }), "2026-11-21T12:00:00Z"), /^2027-/);
  });

  it("agrees with the clock on the wall, minute by minute, wherever that shows no hour twice", () => {
    const minutes = (text: string) => {
      const [day = "", hour, minute] = text.split(/[ :]/);
      return ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].indexOf(day) * 1440 + Number(hour) * 60 + Number(minute);
    };
    const zones = fc.constantFrom("UTC", "Asia/Singapore", "America/New_York", "Asia/Kathmandu", "Europe/Kyiv");
    // July: no zone of these changes its clocks.
    const moments = fc.integer({ min: Date.UTC(2026, 6, 1) / 60_000, max: Date.UTC(2026, 6, 30) / 60_000 });
    fc.assert(
      fc.property(zones, moments, (timeZone, moment) => {
        const at = moment * 60_000;
        const [day = "", , time = ""] = wallText(timeZone, at).split(" ");
        const now = minutes(`${day} ${time}`);
        const inside = now >= minutes(weekend.from) || now < minutes(weekend.to);
        assert.equal(frozenAt(of(timeZone, { weekly: [weekend] }), at) !== undefined, inside);
      }),
    );
  });

  it("does not pass for over where nobody knows the zone or the time", () => {
    assert.throws(() => frozenAt(of("Asia/Atlantis", { weekly: [weekend] }), 0), RangeError);
    assert.throws(() => frozenAt(of("UTC", { weekly: [weekend] }), Number.NaN), RangeError);
  });

  it("names a moment as people of that zone would", () => {
    assert.equal(wallText("Asia/Singapore", Date.parse("2026-11-22T22:00:00Z")), "mon 2026-11-23 06:00 Asia/Singapore");
    assert.equal(wallText("Europe/Berlin", Date.parse("2026-03-29T01:00:00Z")), "sun 2026-03-29 03:00 Europe/Berlin");
  });
});
