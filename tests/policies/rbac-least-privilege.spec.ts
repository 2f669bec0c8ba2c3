import assert from "node:assert/strict";
import { rbacLeastPrivilege as rule } from "../../policies/rbac-least-privilege.ts";
import { assertSaid, judge, judgeStack, unknownList, unknownObject, unknownText } from "./judged.ts";
import { type Loose, object, pods, workload } from "./samples.ts";

const group = "rbac.authorization.k8s.io/v1";
const good = { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "create"] };
const roles = (given: Loose) =>
  ["Role", "ClusterRole"].map((kind) => object(`${group}:${kind}`, { rules: [{ ...good, ...given }] }));
const bindings = (given: Loose) =>
  ["RoleBinding", "ClusterRoleBinding"].map((kind) =>
    object(`${group}:${kind}`, {
      roleRef: { kind: "Role", name: "runner" },
      subjects: [{ kind: "ServiceAccount", name: "runner" }],
      ...given,
    }),
  );

const refused: readonly (readonly [what: string, given: Loose, ...problems: RegExp[]])[] = [
  ["every verb", { verbs: ["*"] }, /^rules\[0\]: \* in verbs\. Name each verb/],
  ["every resource", { resources: ["*"] }, /\* in resources/],
  ["every part of a resource", { resources: ["pods/*"] }, /\* in resources/],
  ["every group", { apiGroups: ["*"] }, /\* in apiGroups/],
  ["every URL", { nonResourceURLs: ["/metrics/*"] }, /\* in nonResourceURLs/],
  ["escalation", { verbs: ["escalate"] }, /the verb "escalate"/],
  ["binding", { verbs: ["bind"] }, /the verb "bind"/],
  ["deletion of all at once", { verbs: ["deletecollection"] }, /the verb "deletecollection"/],
  ["impersonation", { verbs: ["impersonate"] }, /the verb "impersonate"/],
  ["running commands in pods", { resources: ["pods/exec"] }, /the resource "pods\/exec"/],
  ["tokens of others", { resources: ["serviceaccounts/token"] }, /the resource "serviceaccounts\/token"/],
  ["reading all secrets", { resources: ["secrets"] }, /get of secrets without resourceNames/, /list of secrets/],
  ["listing secrets by name", { resources: ["secrets"], resourceNames: ["a"] }, /^rules\[0\]: list of secrets\./],
  ["making of pods", { resources: ["pods"], verbs: ["create"] }, /^rules\[0\]: create of "pods"\./],
  [
    "making and changing of workloads",
    { resources: ["deployments", "jobs"], verbs: ["create", "patch"] },
    ...[/create of "deployments"/, /patch of "deployments"/, /create of "jobs"/, /patch of "jobs"/],
  ],
  ["changing of namespaces", { resources: ["namespaces"], verbs: ["update"] }, /update of "namespaces"/],
  ["making of webhooks", { resources: ["mutatingwebhookconfigurations"], verbs: ["create"] }, /create of "mutating/],
  [
    "approval of certificates",
    { resources: ["certificatesigningrequests/approval", "signers"], verbs: ["update", "approve"] },
    ...[/update of "certificatesigningrequests\/approval"/, /approve of "signers"/],
  ],
  ["verbs not known in a preview", { verbs: unknownList }, /verbs not known in a preview/],
  ["a resource not known in a preview", { resources: [unknownText] }, /resources not known in a preview/],
];

describe("frappe-rbac-least-privilege", () => {
  it("takes a role that names what it needs, and one that reads a secret by its name", () => {
    assert.deepEqual(
      roles({}).flatMap((given) => judge(rule, given)),
      [],
    );
    const named = { resources: ["secrets"], resourceNames: ["a"], verbs: ["get"] };
    assert.deepEqual(
      roles(named).flatMap((given) => judge(rule, given)),
      [],
    );
    assert.deepEqual(
      roles({ resources: ["secrets"], verbs: ["create"] }).flatMap((given) => judge(rule, given)),
      [],
    );
  });

  for (const [what, given, ...problems] of refused) {
    it(`refuses a role, of a namespace or of the cluster, with ${what}`, () => {
      for (const role of roles(given)) assertSaid(judge(rule, role), ...problems);
    });
  }

  it("refuses a role whose rules other roles make, or a preview does not know", () => {
    const aggregated = object(`${group}:ClusterRole`, { aggregationRule: { clusterRoleSelectors: [] } });
    assertSaid(judge(rule, aggregated), /^aggregationRule: /);
    assertSaid(judge(rule, object(`${group}:Role`, { rules: unknownList })), /^rules: not known/);
    assertSaid(judge(rule, object(`${group}:Role`, { rules: [unknownObject] })), /^rules\[0\]: not known/);
    assert.deepEqual(judge(rule, object(`${group}:Role`, {})), []);
  });

  it("refuses a binding to a mighty role or of a crowd", () => {
    for (const given of bindings({})) assert.deepEqual(judge(rule, given), []);
    for (const name of ["cluster-admin", "admin", "edit", "system:kube-controller-manager", "system:node"]) {
      for (const given of bindings({ roleRef: { name } })) assertSaid(judge(rule, given), /^roleRef\.name is "/);
    }
    for (const name of ["system:masters", "system:nodes", "system:authenticated", "system:serviceaccounts:frappe"]) {
      for (const given of bindings({ subjects: [{ kind: "Group", name }] })) {
        assertSaid(judge(rule, given), /^subjects\[0\]\.name is "system:/);
      }
    }
  });

  it("refuses a binding to a role that the program does not declare, or a preview does not know", () => {
    const [binding = assert.fail()] = bindings({});
    const role = (kind: string, name: unknown) => object(`${group}:${kind}`, { metadata: { name }, rules: [] });
    assert.deepEqual(judgeStack(rule, [binding, role("Role", "runner")]), []);
    for (const others of [[], [role("ClusterRole", "runner")], [role("Role", "other")], [role("Role", unknownText)]]) {
      assertSaid(judgeStack(rule, [binding, ...others]), /^it: roleRef: no Role "runner" is declared here/);
    }
    for (const given of bindings({ roleRef: { kind: "Role", name: unknownText } })) {
      assertSaid(judge(rule, given), /^roleRef\.name: not known in a preview/);
    }
  });

  it("refuses a Secret that is filled with a lasting token, and takes the others", () => {
    const secret = (type?: string) => object("core/v1:Secret", { type });
    assertSaid(judge(rule, secret("kubernetes.io/service-account-token")), /^the type kubernetes\.io\/service-acc/);
    assert.deepEqual(
      [undefined, "Opaque", "kubernetes.io/tls"].flatMap((type) => judge(rule, secret(type))),
      [],
    );
  });

  it("takes a role for mighty by its whole name only", () => {
    assert.deepEqual(
      bindings({ roleRef: { name: "admin-of-jobs" } }).flatMap((given) => judge(rule, given)),
      [],
    );
  });

  it("refuses an account whose token is mounted, by will, by default or not known", () => {
    const account = (automountServiceAccountToken: unknown) =>
      object("core/v1:ServiceAccount", { automountServiceAccountToken });
    assert.deepEqual(judge(rule, account(false)), []);
    for (const value of [true, undefined, unknownObject]) {
      assertSaid(judge(rule, account(value)), /^automountServiceAccountToken is not false\. /);
    }
  });

  it("refuses a pod whose token is mounted, in every kind that makes pods, and takes a projected one", () => {
    assert.deepEqual(
      pods().flatMap((given) => judge(rule, given)),
      [],
    );
    for (const given of pods((template) => void delete template.spec.automountServiceAccountToken)) {
      assertSaid(judge(rule, given), /^automountServiceAccountToken is not false/);
    }
    const projected = workload((template) =>
      template.spec.volumes.push({ name: "t", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }),
    );
    assert.deepEqual(judge(rule, projected), []);
    assertSaid(
      judge(
        rule,
        workload((template) => void (template.spec = unknownObject)),
      ),
      /not known in a preview/,
    );
  });
});
