/** A bench that two releases have stood on, with users who wrote all the time: what a release that goes back on purpose begins from. */
import assert from "node:assert/strict";
import { setting, standing } from "./setting.ts";

export const apps = [
  { name: "frappe", version: "1" },
  { name: "erpnext", version: "1" },
];
export const image = (code: string) => `registry.example.com/bench:${code}@sha256:${code}`;
export const facts = (code: string, more: object = {}) => ({ image: image(code), apps, attempt: 1, ...more });

export type Setting = ReturnType<typeof setting>;

/** A release of some code stands afterwards. */
export async function released(
  all: Setting,
  id: string,
  code: string,
  more: { sites?: string[]; rollbackTo?: string } = {},
) {
  const { sites = standing, rollbackTo } = more;
  all.world.code = code;
  all.next({ id, sites, facts: facts(code, rollbackTo === undefined ? {} : { rollbackTo }) });
  assert.equal(await all.untilSettled(), undefined);
}

/** Two releases stood, and users wrote before, between and after them; the next `up` goes back to the first. */
export async function twoReleases(fated: Parameters<Setting["next"]>[1] = {}) {
  const all = setting();
  await released(all, "r1", "one");
  for (let count = 0; count < 5; count += 1) all.world.users();
  await released(all, "r2", "two");
  for (let count = 0; count < 7; count += 1) all.world.users();
  all.world.code = "one";
  all.next({ id: "r3", facts: facts("one", { rollbackTo: "r1" }) }, fated);
  return all;
}
