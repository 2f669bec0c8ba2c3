/** What the engine reports of a run: one JSON event a line (pulumi/pulumi, sdk/go/common/apitype/events.go). */
import { existsSync, readFileSync } from "node:fs";

export interface ResourceState {
  readonly type: string;
  readonly urn: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

/** One planned operation on one resource. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
}

export interface PolicyViolation {
  readonly policy: string;
  readonly urn: string;
  readonly message: string;
  readonly level: string;
}

export interface Events {
  readonly steps: readonly Step[];
  readonly violations: readonly PolicyViolation[];
  /** Names of the policies that have judged anything. */
  readonly judged: readonly string[];
}

/** What one pack says at the end of judging one resource, or the stack. */
interface PolicySummary {
  readonly passed?: readonly string[];
  readonly failed?: readonly string[];
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
  readonly policyEvent?: {
    readonly policyName: string;
    readonly resourceUrn?: string;
    readonly message: string;
    readonly enforcementLevel: string;
  };
  readonly policyAnalyzeSummaryEvent?: PolicySummary;
  readonly policyAnalyzeStackSummaryEvent?: PolicySummary;
}

const judgedBy = ({ policyAnalyzeSummaryEvent: one, policyAnalyzeStackSummaryEvent: all }: EngineEvent) =>
  [one, all].flatMap((summary) => [...(summary?.passed ?? []), ...(summary?.failed ?? [])]);

/** Reads an event log. A run that failed before its first event has left none, and one that was killed half a last line. */
export function readEvents(file: string): Events {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const lines = text.split("\n").slice(0, -1);
  const events = lines.map((line) => JSON.parse(line) as EngineEvent);
  return {
    steps: events.flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [resourcePreEvent.metadata] : [])),
    violations: events.flatMap(({ policyEvent: event }) =>
      event
        ? [
            {
              policy: event.policyName,
              urn: event.resourceUrn ?? "",
              message: event.message.trim(),
              level: event.enforcementLevel,
            },
          ]
        : [],
    ),
    judged: [...new Set(events.flatMap(judgedBy))],
  };
}
