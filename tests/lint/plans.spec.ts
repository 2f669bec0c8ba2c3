import { rule } from "./eslint.ts";

describe("lint: plans are deterministic", () => {
  const clock = rule("frappe/no-clock");
  const chance = [
    `export const x = Date.now();`,
    `export const x = new Date();`,
    `export const x = Date();`,
    `export const x = Math.random();`,
    `export const x = Math["random"]();`,
    `export const x = performance.now();`,
    `export const x = process.hrtime.bigint();`,
    `import { randomUUID } from "node:crypto"; export const x = randomUUID();`,
    `import * as crypto from "node:crypto"; export const x = crypto.randomBytes(8);`,
  ];

  it("refuses the clock and chance where plans are made", async () => {
    for (const folder of ["constants", "gates", "config", "topology", "components", "policies", "policies/shared"]) {
      await clock.refuses(`${folder}/x.ts`, ...chance);
    }
  });

  it("lets policies have the time from one file", async () => {
    await clock.accepts("policies/shared/clock.ts", `export const x = Date.now();`);
  });

  it("refuses an order that hangs on the machine's locale", async () => {
    await clock.refuses("topology/x.ts", `export const sorted = ["b", "a"].toSorted((a, b) => a.localeCompare(b));`);
    await clock.accepts("topology/x.ts", `export const sorted = ["b", "a"].toSorted();`);
  });

  it("accepts a date that is written down, and hashes", async () => {
    await clock.accepts(
      "topology/x.ts",
      `export const since = new Date("2026-01-01T00:00:00Z");`,
      `import { createHash } from "node:crypto"; export const x = createHash("sha256").update("a").digest("hex");`,
      `export const x = Math.max(1, 2);`,
    );
  });

  it("leaves the clock to tools and tests", async () => {
    await clock.accepts("engine/x.ts", ...chance);
    await clock.accepts("tests/x.spec.ts", ...chance);
  });
});
