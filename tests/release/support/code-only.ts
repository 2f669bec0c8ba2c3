// A release that stands in the world of numbers, and one of code only that follows it.
import assert from "node:assert/strict";
import { type Plan, setting, standing } from "./setting.ts";

export const sites = [...standing, "new.test"];
export const plain = { apps: ["frappe"], settings: { sessionExpiry: "12:00" }, state: "active" };
export const declared = (changes: object = {}) => ({
  ...Object.fromEntries(sites.map((site): [string, unknown] => [site, plain])),
  ...changes,
});
export const apps = (version: string) => [{ name: "frappe", version }];
export const facts = (more: object = {}) => ({
  ...{ image: "i@sha256:two", attempt: 1, strategy: "rolling", apps: apps("1.1.0"), declared: declared() },
  ...more,
});

/** All that closes, seals, writes or opens. */
const touches =
  /^(close|flagsOf|untilClosed|quiet|open|drain|still|endWorkers|resume|queueState|seal|migrate|create)|^(restore|remove|archive|revive|keep|check|returnTo)/;

/** A release that stands, and the next one of code only. */
export async function code(plan: Plan = new Map(), kills: ReadonlySet<number> = new Set(), more: object = {}) {
  const all = setting();
  all.next({ facts: facts({ image: "i@sha256:one", strategy: "blueGreen", apps: apps("1.2.0") }) });
  assert.equal(await all.untilSettled(), undefined);
  all.made.length = 0;
  all.said.length = 0;
  all.next({ id: "r2", sites, facts: facts(more) }, { plan, kills });
  return all;
}
export type Setting = Awaited<ReturnType<typeof code>>;

export const stateOf = async ({ ledger }: Setting) => (await ledger.release("r2"))?.state;

/** Every site as users have it all the time: open, on the schema that it was on, with each row that was acknowledged. */
export function untouched(all: Setting, why: string): void {
  const { world, made } = all;
  assert.deepEqual(
    made.filter((call) => touches.test(call)),
    [],
    why,
  );
  for (const site of sites) {
    const { schema, closed, rows } = world.sites.get(site) ?? {};
    assert.deepEqual([schema, closed, rows], ["new", false, world.acknowledged.get(site) ?? rows], `${why}: ${site}`);
  }
  assert.deepEqual([world.suspended, world.workers], [false, undefined], why);
}
