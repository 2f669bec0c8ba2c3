/** What the policy pack said, one line for each thing to put right. Pure. */
import type { Events, PolicyViolation } from "./events.ts";

/** Resources that a line names; the rest is counted. */
const namedResources = 6;

/** The SDK puts the rule's description on a line of its own before what the rule has to say. */
const saying = ({ message }: PolicyViolation) => message.split("\n").slice(1).join(" ") || message;

function whereOf(violations: readonly PolicyViolation[]): string {
  const names = [...new Set(violations.map(({ urn }) => urn.split("::").at(-1) ?? ""))].filter((name) => name !== "");
  const more = names.length - namedResources;
  const listed = [...names.slice(0, namedResources), ...(more > 0 ? [`and ${more} more`] : [])];
  return names.length === 0 ? "" : `${listed.join(", ")}: `;
}

const rank = ({ level }: PolicyViolation) => (level === "mandatory" ? 0 : 1);

/** One violation of many resources is one line; what must be put right comes before what should. */
export function policyLines({ violations, judged }: Pick<Events, "violations" | "judged">): string[] {
  const groups = new Map<string, PolicyViolation[]>();
  for (const violation of [...violations].sort((a, b) => rank(a) - rank(b))) {
    const key = JSON.stringify([violation.level, violation.policy, saying(violation)]);
    groups.set(key, [...(groups.get(key) ?? []), violation]);
  }
  const violated = new Set(violations.map(({ policy }) => policy)).size;
  const verdict = violated === 0 ? "none violated" : `${violated} violated`;
  return [
    ...(judged.length === 0 ? [] : [`  policies   ${judged.length} policies, ${verdict}`]),
    ...[...groups].map(([key, group]) => {
      const [level, policy, said] = JSON.parse(key) as [string, string, string];
      return `  policy     ${level} ${policy}: ${whereOf(group)}${said}`;
    }),
  ];
}
