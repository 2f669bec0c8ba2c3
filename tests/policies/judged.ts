/** Rules at work, as the SDK calls them in a preview: properties behind the proxy that throws at whoever touches an unknown one. */
import assert from "node:assert/strict";
import { unknownCheckingProxy, type PolicyResource } from "@pulumi/policy";
import { policyOf, type Rule } from "../../policies/shared/rule.ts";

/** How the engine writes a text that only the update will know (@pulumi/policy, proxy.js). */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The same for a list and for an object. */
export const unknownList = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2";
export const unknownObject = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";

export interface Given {
  readonly type: string;
  readonly name?: string;
  readonly props: unknown;
  readonly protect?: boolean;
  readonly opts?: {
    readonly ignoreChanges?: readonly string[];
    readonly additionalSecretOutputs?: readonly string[];
    readonly createSeconds?: number | undefined;
  };
  /** Its own, where names and types alone would not tell it from another. */
  readonly urn?: string;
  /** URNs of what must stand first. */
  readonly dependsOn?: readonly string[];
}

export const urnOf = ({ type, name = "it", urn = `urn:pulumi:test::frappe::${type}::${name}` }: Given): string => urn;

/** What the SDK hands to a policy for one resource, as far as ours look. */
const argsOf = (given: Given) => {
  const { type, name = "it", props, protect = false } = given;
  const { ignoreChanges = [], additionalSecretOutputs = [], createSeconds = 0 } = given.opts ?? {};
  const customTimeouts = { createSeconds, updateSeconds: 0, deleteSeconds: 0 };
  const opts = { protect, ignoreChanges, aliases: [], additionalSecretOutputs, customTimeouts };
  return { type, name, urn: urnOf(given), props: unknownCheckingProxy(structuredClone(props)), opts };
};

/** Messages of a rule about one resource by itself. */
export function judge(rule: Rule, given: Given): string[] {
  const policy = policyOf(rule);
  assert.ok("validateResource" in policy && typeof policy.validateResource === "function", rule.name);
  const messages: string[] = [];
  void policy.validateResource(argsOf(given) as never, (message) => void messages.push(message));
  return messages;
}

/** Messages of a rule about a whole stack, each after its resource's name. */
export function judgeStack(rule: Rule, all: readonly Given[]): string[] {
  const policy = policyOf(rule);
  assert.ok("validateStack" in policy, rule.name);
  const found = new Map(all.map((given) => [urnOf(given), argsOf(given)] as const));
  const resources = all.map((given) => {
    // What is not in the stack the SDK leaves out.
    const dependencies = (given.dependsOn ?? []).flatMap((urn) => found.get(urn) ?? []);
    return { ...argsOf(given), dependencies } as unknown as PolicyResource;
  });
  const messages: string[] = [];
  const report = (message: string, urn?: string) => void messages.push(`${urn?.split("::").at(-1)}: ${message}`);
  void policy.validateStack({ resources, stackTags: new Map() } as never, report);
  return messages;
}

/** Names of the rules that have anything to say about a stack. */
export const violated = (rules: readonly Rule[], all: readonly Given[]): string[] =>
  rules
    .filter(
      (rule) =>
        (rule.judge !== undefined && all.some((given) => judge(rule, given).length > 0)) ||
        (rule.judgeStack !== undefined && judgeStack(rule, all).length > 0),
    )
    .map(({ name }) => name);

/** Fails unless there is one message for each pattern, in that order. */
export function assertSaid(messages: readonly string[], ...patterns: readonly RegExp[]): void {
  assert.equal(messages.length, patterns.length, messages.join("\n") || "nothing was said");
  patterns.forEach((pattern, i) => assert.match(messages[i] ?? "", pattern));
}
