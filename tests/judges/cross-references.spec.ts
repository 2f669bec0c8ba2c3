import assert from "node:assert/strict";
import { crossReferences } from "./cross-references.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import * as samples from "./samples.ts";

const { broken } = samples;
const container = "spec.template.spec.containers.0";

/** The good stack with one object replaced by another of its kind and name, or taken away. */
function stackWith(kind: string, change: (object: KubernetesObject) => KubernetesObject[]): KubernetesObject[] {
  return samples.stack().flatMap((object) => (object.kind === kind ? change(object) : [object]));
}

const loose: [name: string, objects: KubernetesObject[], problem: RegExp][] = [
  [
    "a Service that selects no pod",
    stackWith("Deployment", () => []),
    /Service frappe\/web: spec\.selector: selects no pod/,
  ],
  [
    "a target port that no pod declares",
    stackWith("Deployment", (one) => [broken(one, `${container}.ports.0.name`, "www")]),
    /no selected pod declares the port http\/TCP/,
  ],
  ["a Secret that is not there", stackWith("Secret", () => []), /env DB_PASSWORD: no Secret frappe\/db/],
  [
    "a Secret in another namespace",
    stackWith("Secret", (one) => [broken(one, "metadata.namespace", "other")]),
    /no Secret frappe\/db/,
  ],
  [
    "a key that the Secret has not",
    stackWith("Secret", (one) => [broken(one, "data", { pass: "" })]),
    /Secret frappe\/db has no key "password"/,
  ],
  ["a service account that is not there", stackWith("ServiceAccount", () => []), /no ServiceAccount frappe\/web/],
  [
    "a ConfigMap volume that is not there",
    stackWith("Deployment", (one) => [
      broken(one, "spec.template.spec.volumes.1", { name: "c", configMap: { name: "conf" } }),
    ]),
    /volumes c: no ConfigMap frappe\/conf/,
  ],
  [
    "a claim that is not there",
    stackWith("Deployment", (one) => [
      broken(one, "spec.template.spec.volumes.1", { name: "s", persistentVolumeClaim: { claimName: "sites" } }),
    ]),
    /no PersistentVolumeClaim frappe\/sites/,
  ],
  [
    "a headless Service that is not there",
    stackWith("StatefulSet", (one) => [broken(one, "spec.serviceName", "dbs")]),
    /spec\.serviceName: no Service frappe\/dbs/,
  ],
  [
    "a route to a Service that is not there",
    stackWith("HTTPRoute", (one) => [broken(one, "spec.rules.0.backendRefs.0.name", "wab")]),
    /backend: no Service frappe\/wab/,
  ],
  [
    "a route to a port that is not there",
    stackWith("HTTPRoute", (one) => [broken(one, "spec.rules.0.backendRefs.0.port", 80)]),
    /Service frappe\/web has no port 80/,
  ],
  [
    "a route to a Gateway that is not there",
    stackWith("HTTPRoute", (one) => [broken(one, "spec.parentRefs.0.name", "egde")]),
    /no Gateway frappe\/egde/,
  ],
  [
    "a route to a listener that is not there",
    stackWith("HTTPRoute", (one) => [broken(one, "spec.parentRefs.0.sectionName", "http")]),
    /has no listener "http"/,
  ],
  [
    "a listener without its certificate",
    stackWith("Certificate", () => []),
    /certificateRefs: no Secret frappe\/edge-tls/,
  ],
  [
    "a certificate by an Issuer that is not there",
    stackWith("Certificate", (one) => [broken(one, "spec.issuerRef.kind", "Issuer")]),
    /no Issuer frappe\/letsencrypt/,
  ],
  [
    "a budget that selects no pod",
    stackWith("PodDisruptionBudget", (one) => [broken(one, "spec.selector", { matchLabels: { a: "b" } })]),
    /PodDisruptionBudget frappe\/web: spec\.selector: selects no pod/,
  ],
  [
    "a policy that selects no pod",
    stackWith("NetworkPolicy", (one) => [broken(one, "spec.podSelector", { matchLabels: { a: "b" } })]),
    /NetworkPolicy .* selects no pod/,
  ],
  [
    "a MariaDB whose password is not there",
    stackWith("MariaDB", (one) => [broken(one, "spec.rootPasswordSecretKeyRef.key", "root")]),
    /rootPasswordSecretKeyRef: Secret frappe\/db has no key "root"/,
  ],
  [
    "a Cluster whose password is not there",
    stackWith("Cluster", (one) => [broken(one, "spec.superuserSecret.name", "pg-root")]),
    /superuserSecret: no Secret frappe\/pg-root/,
  ],
  [
    "an object that is declared twice",
    [...samples.stack(), samples.serviceAccount()],
    /ServiceAccount frappe\/web: declared twice/,
  ],
];

describe("judges/cross-references", () => {
  it("passes a stack without a loose end", () => assert.deepEqual(crossReferences({ objects: samples.stack() }), []));

  for (const [name, objects, problem] of loose) {
    it(`finds ${name}`, () => assert.match(crossReferences({ objects }).join("\n"), problem));
  }

  it("takes what the caller names as external for there", () => {
    const external = [{ kind: "Secret", namespace: "frappe", name: "db", keys: new Set(["password"]) } as const];
    assert.deepEqual(crossReferences({ objects: stackWith("Secret", () => []), external }), []);
  });

  it("takes an optional reference that leads nowhere", () => {
    const optional = { name: "A", valueFrom: { secretKeyRef: { name: "none", key: "a", optional: true } } };
    const objects = stackWith("Deployment", (one) => [broken(one, `${container}.env.1`, optional)]);
    assert.deepEqual(crossReferences({ objects }), []);
  });

  it("counts the Secret that mariadb-operator generates", () => {
    const generated = { name: "made", key: "password", generate: true };
    const objects = stackWith("MariaDB", (one) => [broken(one, "spec.rootPasswordSecretKeyRef", generated)]);
    assert.deepEqual(crossReferences({ objects }), []);
  });

  it("counts the Services that the operators make", () => {
    const backends = [
      { name: "pg-rw", port: 5432 },
      { name: "mariadb-primary", port: 3306 },
    ];
    const objects = stackWith("HTTPRoute", (one) => [broken(one, "spec.rules.0.backendRefs", backends)]);
    assert.deepEqual(crossReferences({ objects }), []);
  });
});
