/** Rules that hold between keys. Each names the sections it reads, and runs as soon as these are well-formed. */
import { benchRules } from "./bench.ts";
import { dataRules } from "./data.ts";
import { edgeRules } from "./edge.ts";
import { platformRules } from "./platform.ts";
import type { Rule } from "./rule.ts";
import { siteRules } from "./sites.ts";

export const rules: readonly Rule[] = [...siteRules, ...benchRules, ...dataRules, ...edgeRules, ...platformRules];
