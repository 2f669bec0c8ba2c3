// ajv's findings in words: where, what was expected, what was there.
import type { ErrorObject } from "ajv";

const junctions = new Set(["anyOf", "oneOf", "not", "if"]);

export function explain(errors: readonly ErrorObject[]): string[] {
  const alternatives = errors
    .filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf")
    .map(({ schemaPath }) => `${schemaPath}/`);
  const plain = errors.filter(({ schemaPath }) => !alternatives.some((prefix) => schemaPath.startsWith(prefix)));
  return [...new Set(plain.map(explainOne))];
}

function explainOne({ instancePath, keyword, params, message = "is invalid", data }: ErrorObject): string {
  const place = dotted(instancePath);
  switch (keyword) {
    case "additionalProperties":
      return `${join(place, String(params["additionalProperty"]))}: unknown field`;
    case "required":
      return `${join(place, String(params["missingProperty"]))}: required, but missing`;
    case "enum":
      return `${place}: must be one of ${(params["allowedValues"] as unknown[]).map((value) => JSON.stringify(value)).join(", ")}, got ${show(data)}`;
    case "format":
      return `${place}: must be a valid ${String(params["format"])}, got ${show(data)}`;
    default:
      return `${place}: ${message}${junctions.has(keyword) || data === null || typeof data !== "object" ? `, got ${show(data)}` : ""}`;
  }
}

/** Kept short, since it may be a whole object. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function dotted(pointer: string): string {
  const parts = pointer.split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")).reduce(join, "");
}

function join(place: string, part: string): string {
  if (/^\d+$/.test(part)) return `${place}[${part}]`;
  if (!/^[\w-]+$/.test(part)) return `${place}["${part}"]`;
  return place === "" ? part : `${place}.${part}`;
}
