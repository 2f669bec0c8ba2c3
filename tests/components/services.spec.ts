import assert from "node:assert/strict";
import { listAt } from "../judges/kubernetes-object.ts";
import { only } from "../support/record.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";
import type { Change } from "../support/stacks.ts";

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly command?: readonly string[];
    readonly env: readonly {
      name: string;
      value?: string;
      valueFrom?: { secretKeyRef: { name: string; key: string } };
    }[];
    readonly volumeMounts: readonly { name: string; mountPath: string }[];
    readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  }[];
  readonly volumes: readonly { name: string; emptyDir?: object }[];
}

const changed = (change: Record<string, unknown>) => (values: Parameters<Change>[0]) =>
  Object.assign(values["services"]["portal"] as object, change);

async function portal(change: Record<string, unknown> = {}) {
  const { objects, resources } = await recordStack("prod", changed(change));
  const find = (kind: string, name: RegExp) =>
    objects.find((object) => object.kind === kind && name.test(object.metadata.name ?? ""));
  const deployment = find("Deployment", /^service-portal/) as unknown as { spec: { template: { spec: Pod } } };
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  assert.ok(container);
  return { find, pod, container, resources };
}

describe("components: a service beside the bench", () => {
  it("leaves the program to the image where the stack file names none", async () => {
    assert.ok(!("command" in (await portal()).container));
    assert.deepEqual((await portal({ command: ["uvicorn", "app:app"] })).container.command, ["uvicorn", "app:app"]);
  });

  it("gives settings and words as they are written, where Kubernetes would put variables in", async () => {
    const text = "$(HOME) $$ $HOME $(not a name) $$$(A) 5$";
    const { container } = await portal({ env: { GREETING: text }, command: ["sh", text] });
    // What the kubelet makes of it (k8s.io/kubernetes/third_party/forked/golang/expansion).
    const expanded = (value: string) =>
      value.replaceAll(/\$(\$|\([-._A-Za-z0-9]+\))/g, (_, rest: string) => (rest === "$" ? "$" : "EXPANDED"));
    const value = container.env.find(({ name }) => name === "GREETING")?.value ?? "";
    assert.equal(expanded(value), text);
    assert.equal(expanded(container.command?.[1] ?? ""), text);
  });

  it("reads each secret out of its own Secret, and has no value of one in its pods", async () => {
    const { container, find } = await portal();
    const secret = find("Secret", /^service-portal/) as unknown as { metadata: { name: string }; data?: object };
    for (const key of ["DATABASE_URL", "SENTRY_DSN"]) {
      const variable = container.env.find(({ name }) => name === key);
      assert.deepEqual(variable, { name: key, valueFrom: { secretKeyRef: { name: secret.metadata.name, key } } });
    }
  });

  it("runs as no root, on a root that is read-only, with its folders to write to", async () => {
    const { pod, container } = await portal({ user: 4711, writable: ["/app/cache", "/var/cache"] });
    assert.deepEqual([pod.securityContext.runAsUser, pod.securityContext.runAsNonRoot], [4711, true]);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      container.volumeMounts.map(({ mountPath }) => mountPath),
      ["/tmp", "/app/cache", "/var/cache"],
    );
    const scratch = pod.volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
    assert.deepEqual(
      container.volumeMounts.map(({ name }) => name),
      scratch,
    );
  });

  it("spares one pod to evictions where it has two, and asks for no promise where it has one", async () => {
    const budget = (await portal()).find("PodDisruptionBudget", /^service-portal$/) as unknown as {
      spec: { maxUnavailable: number };
    };
    assert.equal(budget.spec.maxUnavailable, 1);
    assert.equal((await portal({ replicas: 1 })).find("PodDisruptionBudget", /^service-portal/), undefined);
  });

  it("has its address before the bench begins, whose nginx would not start without", async () => {
    const { resources } = await portal();
    const urnOf = (name: RegExp) => resources.find(({ urn }) => name.test(urn));
    const address = urnOf(/Service::service-portal-address$/)?.urn ?? "";
    assert.ok(urnOf(/frappe:bench:Bench::bench$/)?.opts.dependsOn.includes(address));
  });

  it("is reached by nginx, and reaches its internal port, by the same numbers on all sides", async () => {
    const { find } = await portal();
    const service = find("Service", /^nginx$/) as unknown as {
      spec: { ports: { name: string; port: number; targetPort: string }[] };
    };
    assert.deepEqual(
      service.spec.ports.map(({ name, port, targetPort }) => [name, port, targetPort]),
      [
        ["http", 8080, "http"],
        ["internal", 8082, "internal"],
        ["peer", 8083, "peer"],
      ],
    );
    const nginx = find("Deployment", /^nginx/) as unknown as {
      spec: { template: { spec: { containers: { ports: { name: string; containerPort: number }[] }[] } } };
    };
    const [container] = nginx.spec.template.spec.containers;
    assert.ok(container?.ports.some(({ name, containerPort }) => name === "internal" && containerPort === 8082));
  });
});

describe("components/network: a service that talks to nobody", () => {
  it("has a policy of its own all the same, and may resolve names", async () => {
    const { resources } = await recordStack("staging", (values) => {
      Object.assign(values["services"]["portal"] as object, { routes: [], callsFrappe: false, egress: {} });
    });
    const policy = kubernetesObject(only(resources, "NetworkPolicy", "allow-service-portal"));
    assert.equal(listAt(policy, "spec", "ingress").length, 0);
    assert.equal(listAt(policy, "spec", "egress").length, 1);
  });
});
