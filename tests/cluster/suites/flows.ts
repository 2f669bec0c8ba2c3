/** The table of flows against the network as it is: measured from pods, with only silence counted as refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { V1Pod } from "@kubernetes/client-node";
import { ports } from "../../../constants/ports.ts";
import { planStack } from "../../../topology/plan.ts";
import type { Flow } from "../../../topology/types.ts";
import type { Cluster } from "../node/index.ts";
import { inNetworkOf } from "../support/inside.ts";
import { programs } from "../../support/record-stack.ts";
import { configOf, type Platform } from "../support/platform.ts";
import { edgeNamespace } from "../support/stack.ts";
import { componentOf, isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { figures } from "./figures.ts";

const script = readFileSync(new URL("../support/reach.py", import.meta.url), "utf8");

/** Components that run now and then only: a pod of the same labels asks in their place. */
const sometimes = ["backup", "restore"];

const everyPort = [...new Set(Object.values(ports))].filter((port) => port !== ports.dns);

interface Place {
  readonly component: string;
  readonly pod: V1Pod;
  readonly address: string;
}

const standIn = (platform: Platform, component: string): V1Pod => ({
  metadata: {
    name: `stands-for-${component}`,
    namespace: platform.namespace,
    labels: { "app.kubernetes.io/component": component },
  },
  spec: {
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "stand-in",
        image: "localhost/frappe-debian:12",
        command: ["sleep", "infinity"],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  },
});

async function makeStandIns(platform: Platform): Promise<void> {
  const { api, namespace } = platform;
  for (const component of sometimes) {
    await api.core.createNamespacedPod({ namespace, body: standIn(platform, component) });
  }
  for (const component of sometimes) {
    const name = `stands-for-${component}`;
    await until(name, 60, async () => isReady(await api.core.readNamespacedPod({ name, namespace })));
  }
}

async function removeStandIns({ api, namespace }: Platform): Promise<void> {
  for (const component of sometimes) {
    await api.core.deleteNamespacedPod({ name: `stands-for-${component}`, namespace });
  }
}

const placeOf = (pod: V1Pod): Place => ({ component: componentOf(pod), pod, address: pod.status?.podIP ?? "" });

/** One pod a component. */
async function places({ api, namespace }: Platform): Promise<Place[]> {
  const all = (await podsOf(api, namespace)).filter(isReady).map(placeOf);
  return [...new Map(all.map((place) => [place.component, place])).values()];
}

/** What each target answers to `from`: open, refused or silent. */
async function reach(cluster: Cluster, from: V1Pod, targets: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await inNetworkOf(cluster, from, ["python3", "-c", script, ...targets], 120);
  assert.equal(code, 0, `${nameOf(from)}: ${stderr}`);
  return stdout.trim().split("\n");
}

const isAllowed = (flows: readonly Flow[], from: string, to: string, port: number): boolean =>
  flows.some(
    (flow) =>
      "component" in flow.from &&
      flow.from.component === from &&
      "component" in flow.to &&
      flow.to.component === to &&
      flow.ports.some((one) => one.port === port),
  );

/** Does the same with each item, `many` at a time. */
async function inTurns<Item, Result>(many: number, items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += many) {
    results.push(...(await Promise.all(items.slice(start, start + many).map(work))));
  }
  return results;
}

export function describeFlows(given: () => Platform): void {
  describe("is closed", () => {
    let pods: Place[];
    let flows: readonly Flow[];

    before(async function () {
      this.timeout(120_000);
      const { stack } = given();
      flows = planStack(stack.name, configOf(stack.values), new Set(), programs).network.flows;
      await makeStandIns(given());
      pods = await places(given());
    });

    after(() => removeStandIns(given()));

    it("answers along every flow of the table between pods, and to nobody along any other", async function () {
      this.timeout(300_000);
      const [wrong, allowed, refused] = [[] as string[], [] as string[], [] as string[]];
      const asked = await inTurns(4, pods, async (from) => {
        const others = pods.filter(({ component }) => component !== from.component);
        const targets = others.flatMap((to) => everyPort.map((port) => ({ to, port })));
        const words = await reach(
          given().cluster,
          from.pod,
          targets.map(({ to, port }) => `${to.address}:${port}`),
        );
        return targets.map(({ to, port }, index) => ({ from, to, port, word: words[index] ?? "unanswered" }));
      });
      for (const { from, to, port, word } of asked.flat()) {
        const flow = `${from.component} → ${to.component}:${port}`;
        const expected = isAllowed(flows, from.component, to.component, port);
        // Who answers along an allowed flow is tested where it serves; a stand-in for a Job has nobody listening.
        const fits = expected ? word === "open" || sometimes.includes(to.component) : word === "silent";
        (expected ? allowed : refused).push(flow);
        if (!fits) {
          wrong.push(`${flow} is ${word}`);
        }
      }
      assert.deepEqual(wrong, []);
      figures[`${given().engine}: flows between pods`] = `${allowed.length} allowed, ${refused.length} refused`;
    });

    it("lets nobody out to the cluster's API, the node, or another namespace", async function () {
      this.timeout(180_000);
      const { api, cluster } = given();
      const edge = await api.core.readNamespacedPod({ name: "edge", namespace: edgeNamespace });
      const targets = ["10.96.0.1:443", `${cluster.node.address}:6443`, `${cluster.node.address}:10250`];
      const away = [...targets, `${edge.status?.podIP ?? ""}:8080`];
      await inTurns(4, pods, async (from) => {
        assert.deepEqual(
          await reach(cluster, from.pod, away),
          away.map(() => "silent"),
          from.component,
        );
      });
    });

    it("lets the edge's namespace reach nginx' own port, and nothing else", async function () {
      this.timeout(120_000);
      const { api, cluster } = given();
      const edge = await api.core.readNamespacedPod({ name: "edge", namespace: edgeNamespace });
      const targets = pods.flatMap((to) => everyPort.map((port) => ({ to, port })));
      const words = await reach(
        cluster,
        edge,
        targets.map(({ to, port }) => `${to.address}:${port}`),
      );
      const open = targets.filter((_, index) => words[index] !== "silent");
      assert.deepEqual(
        open.map(({ to, port }) => `${to.component}:${port}`),
        [`nginx:${ports.nginx}`],
      );
    });
  });
}
