import assert from "node:assert/strict";
import fc from "fast-check";
import { clipped, columns, oneLine, widthOf, wrapped } from "../../operate/columns.ts";
import type { ListedRelease } from "../../operate/ledger-reader.ts";
import { closedText, durationText, releaseText, tableText, timeText } from "../../operate/releases-text.ts";
import type { Undo } from "../../release/drive/undo.ts";
import { begun, releaseOf, type SampleRelease } from "./ledger-sample.ts";

/** Typed by the driver's own record, so that what is read is what is written. */
const undo = (target: string, sites: Undo["sites"]): Undo => ({ target, sites });

const listed = (change: Partial<SampleRelease> = {}): ListedRelease =>
  structuredClone({ events: [], ...releaseOf(change) }) as unknown as ListedRelease;

describe("the releases' table", () => {
  it("has a line for each release, the newest first, and its columns in line", () => {
    const lines = tableText([
      listed({ id: "aaaaaaaaaa" }),
      listed({ id: "bbbbbbbbbb", from: "aaaaaaaaaa", state: "rolled_back", reason: "a patch failed" }),
    ]);
    assert.deepEqual(lines, [
      "RELEASE     GIT       IMAGE         BACKUPS            FROM → TO                WRITES CLOSED  RESULT       BY   BEGUN (UTC)",
      "bbbbbbbbbb  ffffffff  abababababab  22222222 44444444  aaaaaaaaaa → bbbbbbbbbb  1 min 12 s     rolled back  ada  2026-11-21 03:04:05",
      "  a patch failed",
      "aaaaaaaaaa  ffffffff  abababababab  22222222 44444444  none → aaaaaaaaaa        1 min 12 s     confirmed    ada  2026-11-21 03:04:05",
    ]);
  });

  it("says of a release that passed its gates by exception which ones, and who agreed", () => {
    const excepted = { gates: ["freeze", "staging"], by: "ada", reason: "a hole in\u001b[2J the login", until: "soon" };
    assert.equal(
      tableText([listed({ facts: { excepted } })])[2],
      "  by exception past freeze, staging, agreed by ada: a hole in [2J the login",
    );
  });

  it("says that there is no release yet", () => {
    assert.deepEqual(tableText([]), ["no release yet"]);
  });

  it("counts the backups that it has no room for, and names what the seals stand for before they are there", () => {
    const site = (number: number, facts: object) => ({
      site: `${number}.example.com`,
      state: "sealed" as const,
      facts: { ...facts },
    });
    const many = Array.from({ length: 20 }, (_, index) =>
      site(index, { seal: { snapshot: `${10_000_000 + index}abcdef` } }),
    );
    assert.match(tableText([listed({ sites: many })])[1] ?? "", / 10000000 10000001 \+18 /);
    assert.match(
      tableText([listed({ sites: [site(1, { backup: { snapshot: "99999999aa" } })] })])[1] ?? "",
      / 99999999 /,
    );
    assert.match(tableText([listed({ sites: [] })])[1] ?? "", /abababababab {2}- /);
  });

  it("marks what is not known", () => {
    const [, line = ""] = tableText([listed({ facts: {}, sites: [], closedAt: 0, openedAt: 0, state: "prepared" })]);
    assert.deepEqual(line.split(/ {2,}/).slice(1), [
      "-",
      "-",
      "-",
      "none → 0123456789",
      "-",
      "prepared",
      "-",
      "2026-11-21 03:04:05",
    ]);
  });

  it("shortens a long reason to a line, and keeps all of it where one release is shown", () => {
    const reason = Array.from({ length: 80 }, (_, index) => `word${index}`).join(" ");
    const [, , why = ""] = tableText([listed({ reason })]);
    assert.match(why, /^ {2}word0 word1 .*…$/);
    assert.ok(widthOf(why) <= 112);
    const shown = releaseText(listed({ reason }));
    const told = shown.slice(shown.indexOf("why") + 1, shown.indexOf("sites, with backup and seal"));
    assert.equal(told.map((line) => line.trim()).join(" "), reason);
    assert.ok(told.every((line) => widthOf(line) <= 112));
  });

  it("lets nothing that the ledger quotes steer the terminal", () => {
    const hostile = "a\u001b[2Jb\r\nc\u202ed\u0007";
    const release = listed({ id: hostile, reason: hostile, facts: { by: hostile, note: hostile } });
    const text = [...tableText([release]), ...releaseText(release)].join("\n");
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\u202e/u);
    assert.match(text, /a \[2Jb c d/);
  });
});

describe("a release that is shown", () => {
  it("has its facts, its sites and its events", () => {
    const lines = releaseText(
      listed({
        facts: { by: "ada", apps: [{ name: "frappe", version: "v15" }], patches: 7 },
        events: [
          { at: begun, generation: 1, site: "", kind: "prepared", facts: {} },
          { at: begun + 61_000, generation: 2, site: "a.example.com", kind: "sealed", facts: { seconds: 4 } },
          {
            ...{ at: begun + 90_000, generation: 0, site: "", kind: "check" },
            facts: { name: "rights", site: "a.example.com", ok: true, seconds: 3.2 },
          },
        ],
      }),
    );
    assert.deepEqual(lines, [
      "release 0123456789",
      "  from     none",
      "  result   confirmed",
      "  by       ada",
      "  git      -",
      "  image    -",
      "  begun    2026-11-21 03:04:05",
      "  changed  2026-11-21 03:07:25",
      "  closed   1 min 12 s",
      "  apps     name frappe version v15",
      "  patches  7",
      "sites, with backup and seal",
      "  a.example.com  released  11111111  22222222",
      "  b.example.com  released  33333333  44444444",
      "events (UTC)",
      "  2026-11-21 03:04:05  -              prepared",
      "  2026-11-21 03:05:06  a.example.com  sealed    seconds 4",
      "  2026-11-21 03:05:35  -              check     name rights, site a.example.com, ok true, seconds 3.2",
    ]);
  });

  const back = {
    id: "cccccccccc",
    from: "bbbbbbbbbb",
    facts: {
      by: "ada",
      rollbackTo: "aaaaaaaaaa",
      undo: undo("aaaaaaaaaa", {
        "a.example.com": { seal: { snapshot: "9".repeat(64), tables: 3, rows: 70 }, by: "bbbbbbbbbb", sealedAt: begun },
      }),
    },
  };

  it("says of one that goes back on purpose to which, from which seals, and where what was there before is kept", () => {
    const events = [{ at: begun, generation: 1, site: "", kind: "prepared", facts: back.facts }];
    const lines = releaseText(listed({ ...back, events }));
    assert.ok(lines.includes("  back to  aaaaaaaaaa on purpose; what was there before is kept in 22222222 44444444"));
    assert.deepEqual(lines.slice(-5), [
      "sites, with backup and seal",
      "  a.example.com  released  11111111  22222222  back to 99999999 of 2026-11-21 03:04:05, sealed by bbbbbbbbbb",
      "  b.example.com  released  33333333  44444444",
      "events (UTC)",
      "  2026-11-21 03:04:05  -  prepared  by ada, rollbackTo aaaaaaaaaa",
    ]);
    assert.doesNotMatch(lines.join("\n"), /undo|undefined/);
  });

  it("has a line in the table for one that goes back on purpose, above why it did not come to that", () => {
    const [, , second, third] = tableText([listed({ ...back, state: "rolled_back", reason: "a seal is damaged" })]);
    assert.deepEqual([second, third], ["  back to aaaaaaaaaa on purpose", "  a seal is damaged"]);
    assert.equal(
      tableText([listed(back)])[2],
      "  back to aaaaaaaaaa on purpose; what was there before is kept in 22222222 44444444",
    );
  });

  it("shows one that goes back by the words of a ledger that it does not understand", () => {
    const strange = { ...back, facts: { ...back.facts, undo: { sites: "all of them" } } };
    assert.match(releaseText(listed(strange)).join("\n"), /back to {2}aaaaaaaaaa on purpose/);
  });

  it("says since when writes are closed, and when it goes back by itself", () => {
    const release = listed({ state: "migrated", openedAt: 0, deadline: begun + 600_000 });
    assert.equal(closedText(release), "since 2026-11-21 03:05:05");
    assert.match(releaseText(release).join("\n"), /deadline {2}2026-11-21 03:14:05/);
  });
});

describe("the time that writes are closed", () => {
  it("ends with the release, where it went back", () => {
    assert.equal(closedText(listed({ state: "rolled_back", openedAt: 0 })), "2 min 20 s");
    assert.equal(closedText(listed({ state: "needs_human", openedAt: 0 })), "since 2026-11-21 03:05:05");
  });
});

describe("text for a terminal", () => {
  const durations: readonly (readonly [milliseconds: number, text: string])[] = [
    [0, "< 1 s"],
    [499, "< 1 s"],
    [1000, "1 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [72_000, "1 min 12 s"],
    [3_600_000, "1 h"],
    [3_605_000, "1 h"],
    [3_725_000, "1 h 2 min"],
    [90_000_000, "1 d 1 h"],
  ];
  for (const [milliseconds, text] of durations) {
    it(`says ${text} for ${milliseconds} ms`, () => assert.equal(durationText(milliseconds), text));
  }

  it("gives times in UTC, and none for what has not been", () => {
    assert.equal(timeText(begun), "2026-11-21 03:04:05");
    assert.equal(timeText(0), "-");
  });

  it("counts a wide character as two cells, and an accent as none", () => {
    assert.deepEqual(["abc", "日本", "e\u0301", "🚀", "→"].map(widthOf), [3, 4, 1, 2, 1]);
    assert.deepEqual(
      columns([
        ["日本", "x"],
        ["a", "y"],
      ]),
      ["日本  x", "a     y"],
    );
  });

  it("never makes a text wider than it may be, and never cuts through a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
        const result = clipped(text, width);
        assert.ok(widthOf(result) <= width);
        assert.ok(result === text || text.startsWith(result.slice(0, -1)));
      }),
    );
  });

  it("loses no word when it wraps", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^\S{1,30}$/)), (words) => {
        const text = words.join(" ");
        assert.equal(wrapped(text, 20).join(" "), oneLine(text));
      }),
    );
  });

  it("has every column begin in the same cell", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => `${oneLine(text)}.`);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, fc.constant("|")), { minLength: 1 }), (rows) => {
        const starts = columns(rows).map((line) => widthOf(line.slice(0, line.lastIndexOf("|"))));
        assert.equal(new Set(starts).size, 1);
      }),
    );
  });
});
