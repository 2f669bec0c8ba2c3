/** Label selectors (apimachinery, meta/v1 LabelSelector). */
import { at, fields, items, notKnown, text } from "./known.ts";

export const isEmptySelector = (selector: unknown): boolean =>
  selector !== notKnown &&
  Object.keys(fields(at(selector, "matchLabels"))).length === 0 &&
  at(selector, "matchLabels") !== notKnown &&
  items(at(selector, "matchExpressions")).length === 0;

function holds(expression: unknown, labels: unknown): boolean {
  const value = text(at(labels, String(at(expression, "key"))));
  const values = items(at(expression, "values"));
  switch (at(expression, "operator")) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

/** Whether a selector takes what carries these labels. What a preview does not know is not taken. */
export function selects(selector: unknown, labels: unknown): boolean {
  if (selector === notKnown || at(selector, "matchLabels") === notKnown || labels === notKnown) {
    return false;
  }
  return (
    Object.entries(fields(at(selector, "matchLabels"))).every(
      ([key, value]) => value !== notKnown && at(labels, key) === value,
    ) && items(at(selector, "matchExpressions")).every((expression) => holds(expression, labels))
  );
}
