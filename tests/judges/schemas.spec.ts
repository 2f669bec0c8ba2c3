import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { KubernetesObject } from "./kubernetes-object.ts";
import * as samples from "./samples.ts";
import { openSchemas } from "./schema-cache.ts";
import { prepareSchemas, validate } from "./schemas.ts";

const { broken } = samples;
const container = "spec.template.spec.containers.0";

/** Each defect, and the one problem that the judge must name. */
const defects: [name: string, object: KubernetesObject, problem: RegExp][] = [
  [
    "an unknown kind",
    broken(samples.deployment(), "kind", "Deploymnet"),
    /no API serves the kind apps\/v1\/Deploymnet/,
  ],
  ["an API version that is gone", broken(samples.deployment(), "apiVersion", "extensions/v1beta1"), /no API serves/],
  ["an unknown field at the top", broken(samples.deployment(), "specs", {}), /: specs: unknown field/],
  [
    "an unknown field deep inside",
    broken(samples.deployment(), `${container}.imagePullpolicy`, "Always"),
    /containers\[0\]\.imagePullpolicy: unknown field/,
  ],
  [
    "an unknown field of the metadata",
    broken(samples.deployment(), "metadata.lables", {}),
    /metadata\.lables: unknown field/,
  ],
  ["a missing required field", broken(samples.deployment(), "spec.selector", undefined), /spec\.selector: required/],
  ["a number as text", broken(samples.deployment(), "spec.replicas", "2"), /spec\.replicas: must be integer, got "2"/],
  ["a label that is no text", broken(samples.deployment(), "metadata.labels.a", 1), /labels\.a: must be string/],
  [
    "an environment value that is no text",
    broken(samples.deployment(), `${container}.env.0`, { name: "A", value: 1 }),
    /env\[0\]\.value: must be string/,
  ],
  [
    "a value outside an enumeration",
    broken(samples.deployment(), `${container}.imagePullPolicy`, "always"),
    /imagePullPolicy: must be one of "Always"/,
  ],
  [
    "an unknown access mode",
    broken(samples.statefulSet(), "spec.volumeClaimTemplates.0.spec.accessModes", ["RWX"]),
    /accessModes\[0\]: must be one of/,
  ],
  [
    "a quantity with a wrong unit",
    broken(samples.deployment(), `${container}.resources.limits.memory`, "1GB"),
    /limits\.memory: must be a valid quantity, got "1GB"/,
  ],
  [
    "an int-or-string that is neither",
    broken(samples.deployment(), `${container}.livenessProbe.tcpSocket.port`, 1.5),
    /tcpSocket\.port: must be/,
  ],
  [
    "a Secret value that is not base64",
    broken(samples.secret(), "data.password", "not base64!"),
    /data\.password: must be a valid byte/,
  ],
  [
    "two variables of one name",
    broken(samples.deployment(), `${container}.env`, [{ name: "A" }, { name: "A" }]),
    /env: must not contain two elements with the same keys: \{"name":"A"\}/,
  ],
  [
    "one port twice, once with the default protocol",
    broken(samples.deployment(), `${container}.ports`, [{ containerPort: 1 }, { containerPort: 1, protocol: "TCP" }]),
    /ports: must not contain two/,
  ],
  ["a null", broken(samples.deployment(), "spec.replicas", null), /spec\.replicas: must be integer, got null/],
  [
    "a Certificate without a secret",
    broken(samples.certificate(), "spec.secretName", undefined),
    /spec\.secretName: required/,
  ],
  [
    "a Certificate with a misspelt field",
    broken(samples.certificate(), "spec.dnsName", "a"),
    /spec\.dnsName: unknown field/,
  ],
  [
    "a Certificate with an unknown algorithm",
    broken(samples.certificate(), "spec.privateKey.algorithm", "DSA"),
    /algorithm: must be one of/,
  ],
  [
    "an HTTPRoute with an unknown match",
    broken(samples.httpRoute(), "spec.rules.0.matches.0.path.type", "Prefix"),
    /path\.type: must be one of/,
  ],
  [
    "an HTTPRoute with a wrong host",
    broken(samples.httpRoute(), "spec.hostnames", ["Erp_1"]),
    /hostnames\[0\]: must match pattern/,
  ],
  [
    "an HTTPRoute with a wrong duration",
    broken(samples.httpRoute(), "spec.rules.0.timeouts.request", "2 minutes"),
    /timeouts\.request: must match pattern/,
  ],
  [
    "a Gateway without a class",
    broken(samples.gateway(), "spec.gatewayClassName", undefined),
    /gatewayClassName: required/,
  ],
  [
    "a Gateway with one listener twice",
    broken(
      samples.gateway(),
      "spec.listeners",
      [1, 2].map(() => ({ name: "a", port: 80, protocol: "HTTP" })),
    ),
    /listeners: must not contain two/,
  ],
  [
    "a MariaDB with an unknown field",
    broken(samples.mariadb(), "spec.galera.enable", true),
    /spec\.galera\.enable: unknown field/,
  ],
  [
    "a MariaDB with a wrong size",
    broken(samples.mariadb(), "spec.storage.size", "50gb"),
    /storage\.size: must match pattern/,
  ],
  [
    "a MariaDB whose replicas are text",
    broken(samples.mariadb(), "spec.replicas", "3"),
    /spec\.replicas: must be integer/,
  ],
  [
    "a Cluster without instances of the right type",
    broken(samples.cluster(), "spec.instances", 0),
    /spec\.instances: must be >= 1/,
  ],
  [
    "a Cluster whose parameters are numbers",
    broken(samples.cluster(), "spec.postgresql.parameters.max_connections", 200),
    /max_connections: must be string/,
  ],
  [
    "a Cluster with an unknown field",
    broken(samples.cluster(), "spec.storage.sizes", "1Gi"),
    /storage\.sizes: unknown field/,
  ],
  [
    "a ServiceMonitor with a wrong interval",
    broken(samples.serviceMonitor(), "spec.endpoints.0.interval", "half a minute"),
    /interval: must match pattern/,
  ],
];

describe("judges/schemas", function () {
  before("take the schemas from the cache or from their modules", function () {
    this.timeout(15 * 60_000);
    prepareSchemas();
  });

  for (const object of [...samples.stack(), samples.serviceMonitor()]) {
    it(`passes a good ${object.kind} named ${String(object.metadata.name)}`, () =>
      assert.deepEqual(validate(object), []));
  }

  for (const [name, object, problem] of defects) {
    it(`finds ${name}`, () => {
      const found = validate(object);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", problem);
    });
  }

  it("refuses what is no object", () => assert.deepEqual(validate("text"), ["an object was expected"]));

  it("asks only for fields that a default does not fill in", () => {
    const found = validate(broken(samples.certificate(), "spec.issuerRef.kind", undefined));
    assert.deepEqual(found, []);
  });

  it("knows which kinds have a namespace", () => {
    assert.equal(prepareSchemas().scopeOf("apps/v1", "Deployment"), "Namespaced");
    assert.equal(prepareSchemas().scopeOf("v1", "Namespace"), "Cluster");
    assert.equal(prepareSchemas().scopeOf("cert-manager.io/v1", "ClusterIssuer"), "Cluster");
  });
});

describe("judges/schema-cache", function () {
  this.timeout(5 * 60_000);
  const cache = mkdtempSync(path.join(tmpdir(), "judges-"));
  after(() => rmSync(cache, { recursive: true, force: true }));
  const file = (name: string) => path.join(cache, readdirSync(cache)[0] ?? "", name);

  it("makes the same schemas again when one of its files is damaged", () => {
    const good = openSchemas(cache).document("kubernetes");
    writeFileSync(file("kubernetes"), `${readFileSync(file("kubernetes"), "utf8")} `);
    assert.deepEqual(openSchemas(cache).document("kubernetes"), good);
    assert.deepEqual(openSchemas(cache).document("kubernetes"), good);
    assert.equal(readdirSync(cache).length, 1, "no draft stays behind");
  });

  it("makes the index again when it is cut short", () => {
    const good = openSchemas(cache).kinds;
    writeFileSync(file("kinds"), "");
    assert.deepEqual(openSchemas(cache).kinds, good);
  });
});
