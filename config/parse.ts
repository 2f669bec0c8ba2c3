/** Raw values of a stack file → StackConfig, or every problem at once. Pure: knows nothing of Pulumi. */
import { createHash } from "node:crypto";
import { describeIssue, didYouMean, fromIssue, type Problem } from "./problems.ts";
import { rules } from "./rules/index.ts";
import { isSecretKey, secretKeys, type SecretKey } from "./secrets.ts";
import { sections, type SectionKey, type Sections, type SiteConfig, type StackConfig } from "./stack.ts";

/** What a stack file holds under our project's name. */
export interface RawConfig {
  /** Values of plain keys, already out of YAML or JSON. Secret keys have no value here. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys that Pulumi keeps encrypted. */
  readonly secrets: ReadonlySet<string>;
}

export type Parsed =
  | { readonly ok: true; readonly config: StackConfig; readonly secrets: ReadonlySet<SecretKey> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Frappe's own rule for a schema's name (frappe/commands/site.py), so that a site can be adopted from elsewhere. */
export const schemaNameOf = (siteName: string): string =>
  `_${createHash("sha1").update(siteName).digest("hex").slice(0, 16)}`;

const isSection = (key: string): key is SectionKey => Object.hasOwn(sections, key);

function unknownKey(key: string): Problem {
  const meant = didYouMean(key, [...Object.keys(sections), ...Object.keys(secretKeys)]);
  return { path: `frappe:${key}`, message: meant ? `unknown key; did you mean frappe:${meant}?` : "unknown key" };
}

/** Keys that are secret and should not be, plain and should not be, or unknown. */
function misplacedKeys(raw: RawConfig): Problem[] {
  const plain = Object.keys(raw.values).flatMap((key): Problem[] => {
    if (isSecretKey(key)) {
      const message = `expected a secret, got a plain value; set it with \`pulumi config set --secret frappe:${key}\`, and change it at its source: it was readable`;
      return [{ path: `frappe:${key}`, message }];
    }
    return isSection(key) ? [] : [unknownKey(key)];
  });
  const secret = [...raw.secrets].flatMap((key): Problem[] => {
    if (isSecretKey(key)) {
      return [];
    }
    const message = "holds a secret value; a section is plain, and a secret has a flat key of its own";
    return [isSection(key) ? { path: `frappe:${key}`, message } : unknownKey(key)];
  });
  return [...plain, ...secret];
}

/** JSON cannot say NaN or infinity and YAML can; no key of ours means either. */
function section<K extends SectionKey>(key: K, raw: RawConfig, problems: Problem[]): Sections[K] | undefined {
  if (raw.secrets.has(key)) {
    return undefined;
  }
  const input = raw.values[key];
  const result = sections[key].safeParse(input, { error: describeIssue });
  if (result.success) {
    return result.data as Sections[K];
  }
  problems.push(...result.error.issues.map((issue) => fromIssue(key, input, issue)));
  return undefined;
}

/** Parses a stack file's values whole. Never throws on any input, and never changes it. */
export function parseConfig(raw: RawConfig): Parsed {
  const problems = misplacedKeys(raw);
  const found: Partial<Sections> = {};
  for (const key of Object.keys(sections) as SectionKey[]) {
    const value = section(key, raw, problems);
    if (value !== undefined) {
      Object.assign(found, { [key]: value });
    }
  }
  const secrets = new Set([...raw.secrets].filter(isSecretKey));
  const sites = found.sites?.map((site): SiteConfig => ({ ...site, schema: site.schema ?? schemaNameOf(site.name) }));
  const partial = { ...found, ...(sites && { sites }) };
  for (const rule of rules) {
    if (rule.needs.every((key) => partial[key] !== undefined)) {
      problems.push(...rule.check(partial as StackConfig, secrets));
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: partial as StackConfig, secrets };
}
