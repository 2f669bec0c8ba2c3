import { type Json, type Labels, at, isObject, labelsAt, listAt } from "./kubernetes-object.ts";

/** Whether a LabelSelector (matchLabels and matchExpressions, all of them) selects the labels; an empty one selects all. */
export function selects(selector: unknown, labels: Labels): boolean {
  return (
    selectsAll(labelsAt(selector, "matchLabels"), labels) &&
    listAt(selector, "matchExpressions").every((one) => holds(one, labels))
  );
}

/** Plain equality, as a Service selects. */
export const selectsAll = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

function holds(expression: Json, labels: Labels): boolean {
  const value = labels[String(expression["key"])];
  const values = Array.isArray(expression["values"]) ? (expression["values"] as unknown[]) : [];
  switch (expression["operator"]) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      throw new Error(`no such operator in a label selector: ${JSON.stringify(expression["operator"])}`);
  }
}

export const isEmptySelector = (selector: unknown): boolean =>
  isObject(selector) &&
  Object.keys(at(selector, "matchLabels")).length === 0 &&
  listAt(selector, "matchExpressions").length === 0;
