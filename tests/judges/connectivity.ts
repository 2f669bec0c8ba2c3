// The whole matrix of a stack: every kind of pod to every port that a kind of pod declares, its own twins included.
import { type KubernetesObject, labelsAt, listAt, namespaceOf, podTemplateOf, textAt } from "./kubernetes-object.ts";
import { type End, type Namespaces, type PodEnd, type Port, lets, selecting } from "./network-policy.ts";

export interface Actor {
  name: string;
  end: End;
  /** Ports on which it listens; what it can be reached on is judged for these only. */
  listens: readonly Port[];
}

export const policiesOf = (objects: readonly KubernetesObject[]): KubernetesObject[] =>
  objects.filter(({ kind }) => kind === "NetworkPolicy");

/** Labels of the namespaces that the objects declare. */
export const namespacesOf = (objects: readonly KubernetesObject[]): Namespaces =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind === "Namespace")
      .map((object) => [object.metadata.name ?? "", labelsAt(object, "metadata", "labels")]),
  );

/** One actor for each workload: named as the workload, listening on its declared container ports. */
export function actorsOf(objects: readonly KubernetesObject[]): Actor[] {
  return objects.flatMap((object) => {
    const pods = podTemplateOf(object);
    if (pods === undefined) return [];
    const containers = [
      ...listAt(pods.template, "spec", "initContainers"),
      ...listAt(pods.template, "spec", "containers"),
    ];
    const ports = containers
      .flatMap((container) => listAt(container, "ports"))
      .map((port) => ({
        ...(typeof port["name"] === "string" ? { name: port["name"] } : {}),
        containerPort: Number(port["containerPort"]),
        protocol: textAt(port, "protocol") ?? "TCP",
      }));
    const end: PodEnd = {
      namespace: namespaceOf(object),
      labels: labelsAt(pods.template, "metadata", "labels"),
      ports,
    };
    return [
      {
        name: object.metadata.name ?? "",
        end,
        listens: ports.map(({ containerPort, protocol }) => ({ port: containerPort, protocol })),
      },
    ];
  });
}

/** Every connection that is let through, as sorted lines `from -> to:port` (`/UDP` where it is not TCP). */
export function flows(
  policies: readonly KubernetesObject[],
  actors: readonly Actor[],
  namespaces: Namespaces,
): string[] {
  // What selects an end is the same for all its connections, and there are thousands of them.
  const ends = actors.map((actor) => ({
    actor,
    egress: selecting(policies, "Egress", actor.end),
    ingress: selecting(policies, "Ingress", actor.end),
  }));
  const lines = ends.flatMap(({ actor: from, egress }) =>
    ends.flatMap(({ actor: to, ingress }) =>
      to.listens
        .filter(
          (port) =>
            lets(egress, "Egress", to.end, port, to.end, namespaces) &&
            lets(ingress, "Ingress", from.end, port, to.end, namespaces),
        )
        .map((port) => line(from, to, port)),
    ),
  );
  return [...new Set(lines)].sort();
}

const line = (from: Actor, to: Actor, { port, protocol = "TCP" }: Port) =>
  `${from.name} -> ${to.name}:${port}${protocol === "TCP" ? "" : `/${protocol}`}`;
