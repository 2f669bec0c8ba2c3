/** Rules that hold between keys. Each names the sections it reads, and runs as soon as these are well-formed. */
import { backupRules } from "./backup.ts";
import { benchRules } from "./bench.ts";
import { canaryRules } from "./canary.ts";
import { checkRules } from "./checks.ts";
import { dataRules } from "./data.ts";
import { edgeRules } from "./edge.ts";
import { gateRules } from "./gates.ts";
import { serviceRules } from "./services.ts";
import { monitoringRules } from "./monitoring.ts";
import { platformRules } from "./platform.ts";
import { releaseRules } from "./release.ts";
import type { Rule } from "./rule.ts";
import { secretRules } from "./secrets.ts";
import { siteRules } from "./sites.ts";

export const rules: readonly Rule[] = [
  ...siteRules,
  ...benchRules,
  ...checkRules,
  ...dataRules,
  ...edgeRules,
  ...monitoringRules,
  ...backupRules,
  ...releaseRules,
  ...gateRules,
  ...canaryRules,
  ...serviceRules,
  ...secretRules,
  ...platformRules,
];
