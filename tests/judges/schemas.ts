// Judges rendered objects by the schemas that Kubernetes and the operators themselves ship (pinned in modules/go.mod).
// Stricter than `kubectl apply`: a field that the schema does not list is an error, not a silent loss.
// Not judged here: CEL rules (x-kubernetes-validations), admission, and what an API server checks in code: see api-rules.ts.
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { describeObject, isObject, textAt } from "./kubernetes-object.ts";
import type { KindEntry } from "./schema-extract.ts";
import { type SchemaStore, openSchemas } from "./schema-cache.ts";
import { explain } from "./schema-errors.ts";

export interface SchemaJudge {
  /** Everything that is wrong with the object, each line with its path; none means that it is valid. */
  validate(object: unknown): string[];
  scopeOf(apiVersion: string, kind: string): KindEntry["scope"] | undefined;
  /** All kinds that are known, as `group/version/Kind`. */
  readonly kinds: readonly string[];
}

export const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

export function schemaJudge(store: SchemaStore): SchemaJudge {
  const ajv = newAjv();
  const compiled = new Map<string, ValidateFunction>();
  const load = (document: string) => {
    if (ajv.getSchema(document) === undefined) ajv.addSchema(store.document(document), document);
  };
  const compile = (id: string, entry: KindEntry): ValidateFunction => {
    load("kubernetes");
    if (entry.document !== "kubernetes") load(entry.document);
    const check = ajv.compile({ $ref: `${entry.document}#${entry.pointer}` });
    compiled.set(id, check);
    return check;
  };
  return {
    kinds: Object.keys(store.kinds),
    scopeOf: (apiVersion, kind) => store.kinds[`${apiVersion}/${kind}`]?.scope,
    validate: (object) => {
      const id = `${textAt(object, "apiVersion") ?? "?"}/${textAt(object, "kind") ?? "?"}`;
      const entry = store.kinds[id];
      if (!isObject(object)) return ["an object was expected"];
      if (entry === undefined) return [`${describeObject(object)}: no API serves the kind ${id}`];
      const check = compiled.get(id) ?? compile(id, entry);
      if (check(object)) return [];
      return explain(check.errors ?? []).map((problem) => `${describeObject(object)}: ${problem}`);
    },
  };
}

let shared: SchemaJudge | undefined;

/** The judge over the pinned schemas. The first call may download them: call it in a `before` without a time limit. */
export function prepareSchemas(): SchemaJudge {
  shared ??= schemaJudge(openSchemas());
  return shared;
}

export const validate = (object: unknown): string[] => prepareSchemas().validate(object);

function newAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true, code: { regExp: goRegExp } });
  addFormats.default(ajv);
  ajv.addFormat("quantity", quantity);
  ajv.addKeyword({
    keyword: "uniqueBy",
    type: "array",
    error: { message: ({ params }) => String(params["message"]) },
    validate: Object.assign(uniqueBy, { errors: [] as Partial<ErrorObject>[] }),
  });
  return ajv;
}

/** Go writes `(?i)` inside the pattern, JavaScript as a flag. */
const goRegExp = Object.assign(
  (pattern: string, flags: string) =>
    new RegExp(pattern.replaceAll("(?i)", ""), pattern.includes("(?i)") ? `${flags}i` : flags),
  { code: "undefined" },
);

/** No two elements share the keys of their list; a key that is left out counts as its default. */
function uniqueBy(this: unknown, keys: Record<string, unknown>, list: unknown[]): boolean {
  const seen = new Set<string>();
  const twins: string[] = [];
  for (const item of list.filter(isObject)) {
    const identity = JSON.stringify(
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, item[key] ?? value])),
    );
    if (seen.has(identity)) twins.push(identity);
    seen.add(identity);
  }
  const message = `must not contain two elements with the same keys: ${twins.join(", ")}`;
  (uniqueBy as { errors?: Partial<ErrorObject>[] }).errors = [{ keyword: "uniqueBy", message, params: { twins } }];
  return twins.length === 0;
}
