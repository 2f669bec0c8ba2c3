/** A rule as a function of plain data, and as the policy that Pulumi runs. */
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { at, plain, text } from "./known.ts";

export interface Resource {
  /** Pulumi's token, as `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Group and kind of a Kubernetes object whatever its version, as `apps/Deployment`; empty for anything else. */
  readonly kind: string;
  readonly name: string;
  readonly urn: string;
  readonly props: unknown;
  readonly isProtected: boolean;
  readonly options: Options;
  /** URNs of what must stand first, by `dependsOn` or a value of it. Only the whole shows them: elsewhere there are none. */
  readonly dependsOn: readonly string[];
}

export interface Options {
  readonly ignoreChanges: readonly string[];
  /** Outputs that are kept as secrets. */
  readonly secretOutputs: readonly string[];
  /** Seconds that making it may take; 0 where nothing was said. */
  readonly createSeconds: number;
}

export interface Finding {
  readonly resource: Resource;
  /** Where in the resource, and what is wrong there. Never a value that could be secret. */
  readonly problem: string;
}

export interface Rule {
  /** `frappe-<file name>`. */
  readonly name: string;
  /** What must hold, as one sentence. */
  readonly description: string;
  /** How to put it right; names the stack file's key where there is one. */
  readonly remedy: string;
  /** Judges one resource before anything is done to it: its problems. */
  readonly judge?: (resource: Resource) => readonly string[];
  /** Judges what only the whole shows. A preview does so before anything is done, an update when all is done. */
  readonly judgeStack?: (resources: readonly Resource[]) => readonly Finding[];
}

export type Policy = ResourceValidationPolicy | StackValidationPolicy;

/**
 * `kubernetes:apps/v1:DeploymentPatch` is judged as the Deployment that it makes. Whoever gives a CustomResource the apiVersion `v1`
 * gets a type without a group, as `kubernetes:v1:Pod`: the core group.
 */
function kindOf(type: string): string {
  const [, group = "core", kind] = /^kubernetes:(?:([^/:]+)\/)?[^/:]+:(\w+?)(?:Patch)?$/.exec(type) ?? [];
  return kind === undefined ? "" : `${group}/${kind}`;
}

/** Objects of others' making: a group with a domain. Definitions of kinds are none: they hold words, not values. */
export const isCustom = ({ kind }: Resource): boolean =>
  (kind.split("/")[0] ?? "").includes(".") && kind !== "apiextensions.k8s.io/CustomResourceDefinition";

type Given = Pick<PolicyResource, "type" | "name" | "urn" | "props"> & {
  readonly opts: Omit<PolicyResource["opts"], "aliases">;
  readonly dependencies?: readonly { readonly urn: string }[];
};

/** Most rules look at few kinds: properties are copied for whoever looks at them. */
export function resourceOf({ type, name, urn, props, opts, dependencies = [] }: Given): Resource {
  let copy: unknown;
  return {
    type,
    kind: kindOf(type),
    name,
    urn,
    isProtected: opts.protect,
    options: {
      ignoreChanges: opts.ignoreChanges,
      secretOutputs: opts.additionalSecretOutputs,
      createSeconds: opts.customTimeouts.createSeconds,
    },
    dependsOn: dependencies.map((one) => one.urn),
    get props() {
      return (copy ??= plain(props));
    },
  };
}

/** The policy of a rule. One rule may judge both: each part at the moment when it can. */
export function policyOf({ name, description, remedy, judge, judgeStack }: Rule): Policy {
  const message = (problem: string) => `${problem}. ${remedy}`;
  return {
    name,
    description,
    remediationSteps: remedy,
    ...(judge && {
      validateResource: (args: ResourceValidationArgs, report: (message: string) => void) => {
        for (const problem of judge(resourceOf(args))) report(message(problem));
      },
    }),
    ...(judgeStack && {
      validateStack: (args: { resources: PolicyResource[] }, report: (message: string, urn?: string) => void) => {
        for (const { resource, problem } of judgeStack(args.resources.map(resourceOf))) {
          report(message(problem), resource.urn);
        }
      },
    }),
  };
}

export const labelOf = (resource: Resource, label: string): string | undefined =>
  text(at(resource.props, "metadata", "labels", label));
