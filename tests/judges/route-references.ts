import { type KubernetesObject, at, listAt, namespaceOf, valueAt } from "./kubernetes-object.ts";
import { type World, missing } from "./world.ts";

/** Loose ends of what carries traffic in: routes, their gateways, Ingress objects. */
export function routeProblems(object: KubernetesObject, world: World): string[] {
  const namespace = namespaceOf(object);
  const backend = (name: string, port: unknown, where = namespace): string[] => {
    const services = world.provided.filter(
      (one) => one.kind === "Service" && one.namespace === where && one.name === name,
    );
    if (services.length === 0) return [`backend: no Service ${where}/${name}`];
    if (typeof port === "string") {
      const named = world.objects.some(
        (one) =>
          one.kind === "Service" &&
          one.metadata.name === name &&
          listAt(one, "spec", "ports").some((each) => each["name"] === port),
      );
      return named ? [] : [`backend: Service ${where}/${name} has no port named ${JSON.stringify(port)}`];
    }
    return services.some(({ ports }) => ports === undefined || ports.has(Number(port)))
      ? []
      : [`backend: Service ${where}/${name} has no port ${String(port)}`];
  };
  if (object.apiVersion.startsWith("gateway.networking.k8s.io/") && /^(HTTP|GRPC|TLS|TCP)Route$/.test(object.kind)) {
    const references = listAt(object, "spec", "rules").flatMap((rule) => listAt(rule, "backendRefs"));
    const services = references.filter(({ kind = "Service" }) => kind === "Service");
    return [
      ...services.flatMap(({ name, port, namespace: other }) =>
        backend(String(name), port, typeof other === "string" ? other : namespace),
      ),
      ...parentProblems(object, world),
    ];
  }
  if (object.kind === "Gateway") return gatewayProblems(object, world);
  if (object.kind !== "Ingress") return [];
  const all = [
    at(object, "spec", "defaultBackend"),
    ...listAt(object, "spec", "rules")
      .flatMap((rule) => listAt(rule, "http", "paths"))
      .map((entry) => at(entry, "backend")),
  ];
  const services = all.map((one) => at(one, "service")).filter((service) => typeof service["name"] === "string");
  const secrets = listAt(object, "spec", "tls").flatMap(({ secretName }) =>
    typeof secretName === "string"
      ? [missing(world, { kind: "Secret", namespace, name: secretName, key: "tls.crt" })]
      : [],
  );
  return [
    ...services.flatMap((service) =>
      backend(String(service["name"]), valueAt(service, "port", "number") ?? valueAt(service, "port", "name")),
    ),
    ...secrets.filter((problem) => problem !== undefined).map((problem) => `spec.tls: ${problem}`),
  ];
}

/** A route's parent must be there when it stands in the stack's own namespaces, with the listener that the route names. */
function parentProblems(object: KubernetesObject, world: World): string[] {
  const own = new Set(world.objects.map(namespaceOf));
  return listAt(object, "spec", "parentRefs").flatMap(
    ({ name, namespace = namespaceOf(object), sectionName, kind = "Gateway" }) => {
      if (kind !== "Gateway" || !own.has(String(namespace))) return [];
      const gateway = world.objects.find(
        (one) => one.kind === "Gateway" && one.metadata.name === name && namespaceOf(one) === namespace,
      );
      if (gateway === undefined) return [`parentRefs: no Gateway ${String(namespace)}/${String(name)}`];
      const listeners = listAt(gateway, "spec", "listeners").map((listener) => listener["name"]);
      return sectionName === undefined || listeners.includes(sectionName)
        ? []
        : [`parentRefs: Gateway ${String(name)} has no listener ${JSON.stringify(sectionName)}`];
    },
  );
}

function gatewayProblems(object: KubernetesObject, world: World): string[] {
  const references = listAt(object, "spec", "listeners").flatMap((listener) =>
    listAt(listener, "tls", "certificateRefs"),
  );
  return references.flatMap(({ name, namespace = namespaceOf(object), kind = "Secret" }) => {
    const problem =
      kind === "Secret"
        ? missing(world, { kind: "Secret", namespace: String(namespace), name: String(name), key: "tls.crt" })
        : undefined;
    return problem === undefined ? [] : [`certificateRefs: ${problem}`];
  });
}
