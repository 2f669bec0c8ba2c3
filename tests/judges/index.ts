// The judges' door: everything that rendered Kubernetes objects are judged by.
import { apiRules } from "./api-rules.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { validate } from "./schemas.ts";

export { apiRules } from "./api-rules.ts";
export { type Actor, actorsOf, flows, namespacesOf, policiesOf } from "./connectivity.ts";
export { type StackObjects, crossReferences } from "./cross-references.ts";
export { type KubernetesObject } from "./kubernetes-object.ts";
export {
  type AddressEnd,
  type End,
  type Namespaces,
  type PodEnd,
  type Port,
  allowed,
  judge,
} from "./network-policy.ts";
export type { Provided } from "./operator-made.ts";
export { hardeningViolations, restrictedViolations } from "./pod-security.ts";
export { prepareSchemas, validate } from "./schemas.ts";

/** Schema and API rules for one object; the rules only once the schema holds, since they read what it promises. */
export function judgeObject(object: KubernetesObject): string[] {
  const problems = validate(object);
  return problems.length > 0 ? problems : apiRules(object);
}
