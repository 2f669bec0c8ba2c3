// Turns a published schema into a strict JSON Schema: unknown fields refused, the extensions that the API server enforces
// expressed in keywords that ajv (with our own `uniqueBy`) can judge. Everything that is only documentation goes away.
import { type Json, isObject, valueAt } from "./kubernetes-object.ts";

const kept = [
  ...["type", "format", "enum", "pattern", "required", "nullable", "uniqueItems"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
];
const knownFormats = new Set([
  "int32",
  "int64",
  "float",
  "double",
  "byte",
  "date-time",
  "ipv4",
  "ipv6",
  "uri",
  "password",
  "quantity",
]);

export interface Dialect {
  /** A custom resource's defaults are filled in before validation; those of built-in kinds are only Go's zero values. */
  defaultsApply: boolean;
  /** Where a `#/components/schemas/X` reference leads. */
  rewriteRef(ref: string): string;
  /** The definition that a reference names, for the defaults of list keys. */
  resolve(ref: string): unknown;
}

/** @param closed whether fields that are not listed are refused here (not inside anyOf and its kin, which only add conditions) */
export function strict(schema: unknown, dialect: Dialect, closed = true): Json {
  if (!isObject(schema)) return {};
  const only = singleReference(schema);
  if (only !== undefined) return { $ref: dialect.rewriteRef(only) };
  if (isIntOrString(schema)) return intOrString(schema);
  const result: Json = {};
  for (const key of kept) if (schema[key] !== undefined) result[key] = schema[key];
  if (typeof schema["format"] === "string" && !knownFormats.has(schema["format"])) {
    throw new Error(`the judge does not know the format ${schema["format"]}`);
  }
  for (const key of ["allOf", "anyOf", "oneOf"]) {
    if (Array.isArray(schema[key])) result[key] = schema[key].map((inner) => strict(inner, dialect, false));
  }
  if (schema["not"] !== undefined) result["not"] = strict(schema["not"], dialect, false);
  if (isObject(schema["items"])) {
    Object.assign(result, { items: strict(schema["items"], dialect, closed) }, unique(schema, dialect));
  }
  return Object.assign(result, fields(schema, dialect, closed));
}

function fields(schema: Json, dialect: Dialect, closed: boolean): Json {
  const { properties, additionalProperties: more } = schema;
  const result: Json = {};
  if (isObject(properties)) {
    const inner = Object.entries(properties).map(([name, field]) => [name, strict(field, dialect, closed)]);
    result["properties"] = Object.fromEntries(inner);
    if (dialect.defaultsApply) Object.assign(result, { required: stillRequired(schema, properties) });
  }
  if (isObject(more)) result["additionalProperties"] = strict(more, dialect, closed);
  else if (more !== undefined) result["additionalProperties"] = more;
  else if (closed && isClosed(schema, dialect)) result["additionalProperties"] = false;
  return result;
}

/** Built-in schemas write "any object" as an object without fields; in a custom resource that prunes every field. */
function isClosed(schema: Json, { defaultsApply }: Dialect): boolean {
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) return false;
  return isObject(schema["properties"]) || (defaultsApply && schema["type"] === "object");
}

function stillRequired(schema: Json, properties: Json): string[] {
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  return required.filter((name) => valueAt(properties[name], "default") === undefined);
}

/** OpenAPI 3.0 writes a reference with a default as `allOf: [ref]`. */
function singleReference(schema: Json): string | undefined {
  const list = schema["allOf"];
  const [only, second] = Array.isArray(list) ? (list as unknown[]) : [schema];
  if (second !== undefined || (Array.isArray(list) && isObject(schema["properties"]))) return undefined;
  return isObject(only) && typeof only["$ref"] === "string" ? only["$ref"] : undefined;
}

const isIntOrString = (schema: Json) =>
  schema["x-kubernetes-int-or-string"] === true || schema["format"] === "int-or-string";

function intOrString({ pattern, enum: values }: Json): Json {
  return {
    type: ["integer", "string"],
    ...(pattern === undefined ? {} : { pattern }),
    ...(values ? { enum: values } : {}),
  };
}

/** `x-kubernetes-list-type: map` and `set`: no two elements with the same keys. */
function unique(schema: Json, dialect: Dialect): Json {
  if (schema["x-kubernetes-list-type"] === "set") return { uniqueItems: true };
  const keys = schema["x-kubernetes-list-map-keys"];
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(keys)) return {};
  const item = schema["items"] as Json;
  const ref = singleReference(item);
  const properties = ((ref === undefined ? item : (dialect.resolve(ref) as Json))["properties"] ?? {}) as Json;
  const defaultOf = (key: string) => (properties[key] as Json | undefined)?.["default"] ?? null;
  return { uniqueBy: Object.fromEntries(keys.map((key: string) => [key, defaultOf(key)])) };
}
