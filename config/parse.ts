/** Raw values of a stack file → StackConfig, or every problem at once. Pure: knows nothing of Pulumi. */
import { createHash } from "node:crypto";
import { describeIssue, fromIssue, keyPath, unknownKey, type Problem } from "./problems.ts";
import { refusedShape } from "./shape.ts";
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

const knownKeys = [...Object.keys(sections), ...Object.keys(secretKeys)].map((key) => `frappe:${key}`);
const unknownSection = (key: string): Problem => ({
  path: keyPath(key),
  message: unknownKey(`frappe:${key}`, knownKeys),
});

/** Keys that are secret and should not be, plain and should not be, or unknown. */
function misplacedKeys(raw: RawConfig): Problem[] {
  const plain = Object.keys(raw.values).flatMap((key): Problem[] => {
    if (isSecretKey(key)) {
      const message = `expected a secret, got a plain value; set it with \`pulumi config set --secret frappe:${key}\`, and change it at its source: it was readable`;
      return [{ path: `frappe:${key}`, message }];
    }
    return isSection(key) ? [] : [unknownSection(key)];
  });
  const secret = [...raw.secrets].flatMap((key): Problem[] => {
    if (isSecretKey(key)) {
      return [];
    }
    const message = "holds a secret value; a section is plain, and a secret has a flat key of its own";
    return [isSection(key) ? { path: `frappe:${key}`, message } : unknownSection(key)];
  });
  return [...plain, ...secret];
}

/** A section's value, or what is wrong with it. */
function section<K extends SectionKey>(key: K, input: unknown): { value: Sections[K] } | { problems: Problem[] } {
  const refused = refusedShape(key, input);
  if (refused.length > 0) {
    return { problems: refused };
  }
  const result = sections[key].safeParse(input, { error: describeIssue });
  return result.success
    ? { value: result.data as Sections[K] }
    : { problems: result.error.issues.flatMap((issue) => fromIssue(key, input, issue)) };
}

/** Parses a stack file's values whole. Never throws on any input, and never changes it. */
export function parseConfig(raw: RawConfig): Parsed {
  const found: Partial<Sections> = {};
  const ofSections = (Object.keys(sections) as SectionKey[])
    .filter((key) => !raw.secrets.has(key))
    .flatMap((key) => {
      const parsed = section(key, raw.values[key]);
      if ("problems" in parsed) {
        return parsed.problems;
      }
      Object.assign(found, { [key]: parsed.value });
      return [];
    });
  const secrets = new Set([...raw.secrets].filter(isSecretKey));
  const sites = found.sites?.map((site): SiteConfig => ({ ...site, schema: site.schema ?? schemaNameOf(site.name) }));
  const partial = { ...found, ...(sites && { sites }) };
  const ofRules = rules
    .filter(({ needs }) => needs.every((key) => partial[key] !== undefined))
    .flatMap(({ check }) => check(partial as StackConfig, secrets));
  const problems = [...misplacedKeys(raw), ...ofSections, ...ofRules];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: partial as StackConfig, secrets };
}
