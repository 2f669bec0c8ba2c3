/**
 * How strict each rule is, by the stack's environment.
 *
 * A pack sees no stack configuration when it starts, and a rule has one level for a whole run: it is fixed before the first
 * resource comes, and not every resource says which environment it stands in (a random password has no labels). So the levels of
 * production are built in, and hold wherever nothing else is said; the others come by Pulumi's own way, `--policy-pack-config`,
 * from config/<environment>.json. `npm run preview` names that file by the stack file's `frappe:environment`.
 */
import type { EnforcementLevel } from "@pulumi/policy";

export const environments = ["prod", "staging", "dev"] as const;
export type Environment = (typeof environments)[number];
type Levels = Readonly<Record<Environment, EnforcementLevel>>;

const everywhere: Levels = { prod: "mandatory", staging: "mandatory", dev: "mandatory" };
const inProduction: Levels = { prod: "mandatory", staging: "advisory", dev: "advisory" };
/** A developer's data may be thrown away: nothing to advise. */
const whereDataCounts: Levels = { prod: "mandatory", staging: "advisory", dev: "disabled" };

export const levels: Readonly<Record<string, Levels>> = {
  "frappe-image-digest-pinned": inProduction,
  "frappe-no-latest-or-untagged": everywhere,
  "frappe-stateful-protected": whereDataCounts,
  "frappe-resource-limits": inProduction,
  "frappe-probes": inProduction,
  "frappe-pss-restricted": everywhere,
  "frappe-rbac-least-privilege": everywhere,
  "frappe-networkpolicy-default-deny": inProduction,
  "frappe-tls-required": inProduction,
  "frappe-no-plaintext-secrets": everywhere,
  "frappe-release-needs-verified-backup": everywhere,
  "frappe-command-shape": everywhere,
  "frappe-job-safety": inProduction,
  // A stack that asks for it means it, whatever it is called.
  "frappe-staging-before-prod": everywhere,
  "frappe-exception-ends": everywhere,
};

/** Levels that differ from those built in, as `--policy-pack-config` takes them. */
export const configFor = (environment: Environment): Record<string, EnforcementLevel> =>
  Object.fromEntries(
    Object.entries(levels).flatMap(([rule, { prod, [environment]: level }]) => (level === prod ? [] : [[rule, level]])),
  );
