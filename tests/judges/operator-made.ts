// Objects that operators make out of what we declare, so that references to them are no loose ends. From their documentation:
// cert-manager writes the certificate's Secret; CloudNativePG and mariadb-operator write Services and Secrets named after the cluster.
import {
  type KubernetesObject,
  at,
  isObject,
  labelsAt,
  listAt,
  namespaceOf,
  textAt,
  valueAt,
} from "./kubernetes-object.ts";

export interface Provided {
  kind: "Secret" | "ConfigMap" | "Service" | "ServiceAccount" | "PersistentVolumeClaim";
  namespace: string;
  name: string;
  /** Keys of a Secret or ConfigMap; undefined when any may be there. */
  keys?: ReadonlySet<string>;
  /** Ports of a Service, by number. */
  ports?: ReadonlySet<number>;
}

const keys = (...names: string[]) => new Set(names);

/** What the object itself is or stands for, for those who refer to it. */
export function providedBy(object: KubernetesObject): Provided[] {
  const namespace = namespaceOf(object);
  const name = object.metadata.name ?? "";
  const secret = (suffix: string, ...list: string[]): Provided => ({
    kind: "Secret",
    namespace,
    name: name + suffix,
    keys: keys(...list),
  });
  const service = (suffix: string, ...ports: number[]): Provided => ({
    kind: "Service",
    namespace,
    name: name + suffix,
    ports: new Set(ports),
  });
  const user = [
    "username",
    "user",
    "password",
    "dbname",
    "host",
    "port",
    "uri",
    "jdbc-uri",
    "pgpass",
    "fqdn-uri",
    "fqdn-jdbc-uri",
  ];
  switch (`${object.apiVersion.split("/")[0]}/${object.kind}`) {
    case "v1/Secret":
    case "v1/ConfigMap": {
      const all = ["data", "stringData", "binaryData"].flatMap((field) => Object.keys(at(object, field)));
      return [{ kind: object.kind as "Secret", namespace, name, keys: keys(...all) }];
    }
    case "v1/ServiceAccount":
    case "v1/PersistentVolumeClaim":
      return [{ kind: object.kind as "ServiceAccount", namespace, name }];
    case "v1/Service":
      return [
        {
          kind: "Service",
          namespace,
          name,
          ports: new Set(listAt(object, "spec", "ports").map(({ port }) => Number(port))),
        },
      ];
    case "cert-manager.io/Certificate":
      return [
        {
          kind: "Secret",
          namespace,
          name: textAt(object, "spec", "secretName") ?? "",
          keys: keys("tls.crt", "tls.key", "ca.crt"),
        },
      ];
    case "postgresql.cnpg.io/Cluster":
      return [
        ...["-rw", "-ro", "-r"].map((suffix) => service(suffix, 5432)),
        secret("-app", ...user),
        secret("-superuser", ...user),
        secret("-ca", "ca.crt", "ca.key"),
        secret("-server", "tls.crt", "tls.key"),
      ];
    case "gateway.networking.k8s.io/Gateway":
    case "networking.k8s.io/Ingress":
      return issuedSecrets(object);
    case "postgresql.cnpg.io/Pooler":
      return [service("", 5432)];
    case "k8s.mariadb.com/MariaDB":
      return [
        ...["", "-primary", "-secondary", "-internal"].map((suffix) =>
          service(suffix, Number(valueAt(object, "spec", "port") ?? 3306)),
        ),
        ...generatedSecrets(object),
      ];
    case "k8s.mariadb.com/MaxScale":
      return [
        service("", ...listAt(object, "spec", "services").map((one) => Number(valueAt(one, "listener", "port")))),
        ...generatedSecrets(object),
      ];
    default:
      return generatedSecrets(object);
  }
}

/** With an issuer in its annotations, cert-manager makes the certificates that a Gateway or Ingress names. */
function issuedSecrets(object: KubernetesObject): Provided[] {
  const issuers = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"];
  if (!issuers.some((key) => labelsAt(object, "metadata", "annotations")[key])) return [];
  const references = listAt(object, "spec", "listeners").flatMap((listener) =>
    listAt(listener, "tls", "certificateRefs"),
  );
  const names = [
    ...references.map(({ name }) => name),
    ...listAt(object, "spec", "tls").map(({ secretName }) => secretName),
  ];
  return names.map((name) => ({
    kind: "Secret",
    namespace: namespaceOf(object),
    name: String(name),
    keys: keys("tls.crt", "tls.key"),
  }));
}

/** mariadb-operator fills in a Secret where a key reference says `generate: true`. */
function generatedSecrets(object: KubernetesObject): Provided[] {
  if (!object.apiVersion.startsWith("k8s.mariadb.com/")) return [];
  return secretKeysIn(object["spec"])
    .filter(({ reference }) => reference["generate"] === true)
    .map(({ reference }) => ({
      kind: "Secret",
      namespace: namespaceOf(object),
      name: String(reference["name"]),
      keys: keys(String(reference["key"])),
    }));
}

/** Every `{ name, key }` under a field whose name ends in `SecretKeyRef` or `ConfigMapKeyRef`, at any depth. */
export function secretKeysIn(
  value: unknown,
  path = "spec",
): { path: string; field: string; reference: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => secretKeysIn(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const here = /(secret|configMap)KeyRef$/i.test(field) && isObject(inner) && typeof inner["name"] === "string";
    return here ? [{ path: `${path}.${field}`, field, reference: inner }] : secretKeysIn(inner, `${path}.${field}`);
  });
}

/** Pods that an operator makes, as far as their labels are known; policies and budgets may select them. */
export function podLabelsMadeBy(object: KubernetesObject): Record<string, string> | undefined {
  const name = object.metadata.name ?? "";
  const field = object.kind === "MariaDB" ? "inheritMetadata" : "inheritedMetadata";
  const inherited = labelsAt(object, "spec", field, "labels");
  switch (`${object.apiVersion.split("/")[0]}/${object.kind}`) {
    case "postgresql.cnpg.io/Cluster":
      return { ...inherited, "cnpg.io/cluster": name, "cnpg.io/podRole": "instance" };
    case "k8s.mariadb.com/MariaDB":
      return {
        ...inherited,
        ...labelsAt(object, "spec", "podMetadata", "labels"),
        "app.kubernetes.io/name": "mariadb",
        "app.kubernetes.io/instance": name,
      };
    case "k8s.mariadb.com/MaxScale":
      return {
        ...inherited,
        ...labelsAt(object, "spec", "podMetadata", "labels"),
        "app.kubernetes.io/name": "maxscale",
        "app.kubernetes.io/instance": name,
      };
    default:
      return undefined;
  }
}
