/** Steps of a preview by hand, as the engine reports them, and the lines that they come to. */
import type { ResourceState, Step } from "../../review/events.ts";
import { summarise } from "../../review/summary.ts";

export const claim = "kubernetes:core/v1:PersistentVolumeClaim";
export const configMap = "kubernetes:core/v1:ConfigMap";
export const password = "random:index/randomPassword:RandomPassword";

/** A resource's state on one side of a step. */
export interface Side extends Partial<ResourceState> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

export function step(op: string, name: string, type: string, sides: { old?: Side; now?: Side }): Step {
  const urn = `urn:pulumi:test::frappe::frappe:stack:FrappeStack$frappe:bench:Bench$${type}::${name}`;
  const state = ({ labels, data, ...rest }: Side): ResourceState => ({
    type,
    urn,
    inputs: { metadata: { labels }, data },
    ...rest,
  });
  const { old, now } = sides;
  return { op, urn, type, ...(old && { old: state(old) }), ...(now && { new: state(now) }) };
}

/** A Friday, noon in UTC. */
export const friday = Date.UTC(2026, 10, 20, 12);

export const summary = (steps: readonly Step[], now = friday): string[] =>
  summarise({ steps, violations: [], judged: [] }, { stack: "prod", failed: false, offline: undefined, now }).split(
    "\n",
  );

/** Lines of the summary that begin with this word. */
export const lines = (start: string, steps: readonly Step[]): string[] =>
  summary(steps).filter((line) => line.startsWith(`  ${start} `));
