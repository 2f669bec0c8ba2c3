import { type KubernetesObject, at, isObject, listAt, namespaceOf } from "./kubernetes-object.ts";
import { type Provided, secretKeysIn } from "./operator-made.ts";
import { type World, missing } from "./world.ts";

/** Custom resources: references to keys by mariadb-operator's convention, and those of CloudNativePG and cert-manager. */
export function customProblems(object: KubernetesObject, world: World): string[] {
  const namespace = namespaceOf(object);
  const group = object.apiVersion.split("/")[0] ?? "";
  const wanted: { path: string; kind: Provided["kind"]; name: string; key?: string }[] = [];
  if (group === "k8s.mariadb.com" || group === "monitoring.coreos.com") {
    for (const { path, field, reference } of secretKeysIn(object["spec"])) {
      wanted.push({
        path,
        kind: /secret/i.test(field) ? "Secret" : "ConfigMap",
        name: String(reference["name"]),
        key: String(reference["key"]),
      });
    }
  }
  if (group === "postgresql.cnpg.io") {
    const roles = listAt(object, "spec", "managed", "roles").map((role) => ({
      path: "spec.managed.roles",
      secret: at(role, "passwordSecret"),
    }));
    const fixed = [
      { path: "spec.bootstrap.initdb.secret", secret: at(object, "spec", "bootstrap", "initdb", "secret") },
      { path: "spec.superuserSecret", secret: at(object, "spec", "superuserSecret") },
    ];
    for (const { path, secret } of [...roles, ...fixed]) {
      if (isObject(secret) && typeof secret["name"] === "string") {
        wanted.push({ path, kind: "Secret", name: secret["name"], key: "password" });
      }
    }
  }
  const problems = wanted.flatMap(({ path, ...rest }) => {
    const problem = missing(world, { ...rest, namespace });
    return problem === undefined ? [] : [`${path}: ${problem}`];
  });
  return [...problems, ...issuerProblems(object, world)];
}

/** A Certificate's Issuer must be declared; a ClusterIssuer may be the cluster's own, unless the stack declares some. */
function issuerProblems(object: KubernetesObject, world: World): string[] {
  if (object.kind !== "Certificate" || !object.apiVersion.startsWith("cert-manager.io/")) return [];
  const { name, kind = "Issuer", group = "cert-manager.io" } = at(object, "spec", "issuerRef");
  if (group !== "cert-manager.io" || kind !== "Issuer") return [];
  const found = world.objects.some(
    (one) => one.kind === "Issuer" && one.metadata.name === name && namespaceOf(one) === namespaceOf(object),
  );
  return found ? [] : [`spec.issuerRef: no Issuer ${namespaceOf(object)}/${String(name)}`];
}
