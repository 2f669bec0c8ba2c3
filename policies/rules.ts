/** Every rule, in the order of docs/policies.md. */
import { commandShape } from "./command-shape.ts";
import { exceptionEnds } from "./exception-ends.ts";
import { imageDigestPinned } from "./image-digest-pinned.ts";
import { jobSafety } from "./job-safety.ts";
import { networkPolicyDefaultDeny } from "./networkpolicy-default-deny.ts";
import { noLatestOrUntagged } from "./no-latest-or-untagged.ts";
import { noPlaintextSecrets } from "./no-plaintext-secrets.ts";
import { probes } from "./probes.ts";
import { pssRestricted } from "./pss-restricted.ts";
import { rbacLeastPrivilege } from "./rbac-least-privilege.ts";
import { releaseNeedsVerifiedBackup } from "./release-needs-verified-backup.ts";
import { resourceLimits } from "./resource-limits.ts";
import { levels } from "./levels.ts";
import { type Policy, policyOf, type Rule } from "./shared/rule.ts";
import { stagingBeforeProd } from "./staging-before-prod.ts";
import { statefulProtected } from "./stateful-protected.ts";
import { tlsRequired } from "./tls-required.ts";

export const rules: readonly Rule[] = [
  imageDigestPinned,
  noLatestOrUntagged,
  statefulProtected,
  resourceLimits,
  probes,
  pssRestricted,
  rbacLeastPrivilege,
  networkPolicyDefaultDeny,
  tlsRequired,
  noPlaintextSecrets,
  releaseNeedsVerifiedBackup,
  commandShape,
  jobSafety,
  stagingBeforeProd,
  exceptionEnds,
];

/** What the pack serves: each rule at the level of production, until a configuration says otherwise. */
export const policies = (): Policy[] =>
  rules.map((rule) => ({ ...policyOf(rule), enforcementLevel: levels[rule.name]?.prod ?? "mandatory" }));
