import * as names from "./api-names.ts";
import { labelsAt } from "./kubernetes-object.ts";

/** Collects problems, each with its path. */
export class Problems {
  readonly found: string[] = [];
  add(path: string, problem: string | undefined): void {
    if (problem !== undefined) this.found.push(`${path}: ${problem}`);
  }
  require(holds: boolean, path: string, problem: string): void {
    if (!holds) this.add(path, problem);
  }
  /** Every value but the first of its kind is a problem. */
  unique(values: readonly unknown[], path: string, what: string): void {
    const twins = values.filter((value, index) => values.indexOf(value) !== index);
    for (const twin of new Set(twins)) this.add(path, `duplicate ${what} ${JSON.stringify(twin)}`);
  }
}

export function labelRules(metadata: unknown, path: string, problems: Problems): void {
  for (const [key, value] of Object.entries(labelsAt(metadata, "labels"))) {
    problems.add(`${path}.labels`, names.qualifiedName(key));
    problems.add(`${path}.labels["${key}"]`, names.labelValue(value));
  }
  for (const key of Object.keys(labelsAt(metadata, "annotations"))) {
    problems.add(`${path}.annotations`, names.qualifiedName(key.toLowerCase()));
  }
}
