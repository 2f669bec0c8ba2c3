/**
 * What releases stand on (DESIGN.md §5), on a program of five resources: workloads are per release, and the address moves when a
 * verify command has ended well. However often it does not, the first release serves.
 */
import assert from "node:assert/strict";
import { makeToy, type Toy } from "../engine/toy.ts";
import { clusterTimeout, theCluster, type Site } from "./support/cluster.ts";
import { attachedProviders } from "./support/engine.ts";
import { isReady, nameOf, until } from "./support/pods.ts";
import { atEdge } from "./support/platform.ts";

const namespace = "blue-green";

/** One release of the toy: its pods answer with its name, and `verify` ends as it is told to. */
const program = (context: string, release: string, verify: "true" | "false") => `
const cluster = new k8s.Provider("cluster", { context: "${context}" });
const opts = { provider: cluster };
const labels = { app: "web", release: "${release}" };
const web = new k8s.apps.v1.Deployment("web", {
  metadata: { namespace: "${namespace}" },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{
          name: "web",
          image: "localhost/frappe-debian:12",
          command: ["sh", "-c", "mkdir /tmp/www && cd /tmp/www && echo ${release} >index.html && exec python3 -m http.server 8000"],
          ports: [{ containerPort: 8000 }],
          readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
        }],
      },
    },
  },
}, opts);
const verify = new command.local.Command("verify", {
  create: "${verify}", triggers: ["${release}"], addPreviousOutputInEnv: false, logging: "none",
}, { dependsOn: [web], ignoreChanges: ["create"] });
new k8s.core.v1.Service("web", {
  metadata: { name: "web", namespace: "${namespace}" },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8000 }] },
}, { ...opts, dependsOn: [verify] });
`;

describe("blue and green", function () {
  this.timeout(180_000);
  let site: Site;
  let toy: Toy;
  let first: string[];

  const up = (release: string, verify: "true" | "false") => {
    toy.write(program(site.cluster.context, release, verify));
    return toy.pulumi("up", "--yes", "--skip-preview");
  };
  const answer = async () =>
    (await atEdge(site.api, ["curl", "-s", "-m", "5", `http://web.${namespace}`])).stdout.trim();
  /** The node's proxy comes to know of a Service, and of where it leads, a moment after the API server does. */
  const comesToServe = (release: string) => until(`${release} to serve`, 30, async () => (await answer()) === release);
  const podsOf = async (release: string) => {
    const { items } = await site.api.core.listNamespacedPod({ namespace, labelSelector: `release=${release}` });
    return items.filter(isReady).map(nameOf).sort();
  };

  before(async function () {
    this.timeout(clusterTimeout);
    site = await theCluster();
    await site.api.core.createNamespace({ body: { metadata: { name: namespace } } });
    toy = await makeToy(await attachedProviders(site.cluster.kubeconfig));
  });

  after(async () => {
    await toy?.pulumi("destroy", "--yes", "--skip-preview");
    toy?.remove();
    await site?.api.core.deleteNamespace({ name: namespace });
  });

  it("serves the first release when its verify has ended well", async () => {
    const { code, stdout, stderr } = await up("a", "true");
    assert.equal(code, 0, stdout + stderr);
    await comesToServe("a");
    first = await podsOf("a");
    assert.equal(first.length, 1);
  });

  for (const release of ["b", "c"]) {
    it(`still serves it, from the same pod, when the verify of release ${release} fails`, async () => {
      assert.notEqual((await up(release, "false")).code, 0);
      assert.equal(await answer(), "a");
      assert.deepEqual(
        (await podsOf("a")).filter((pod) => first.includes(pod)),
        first,
      );
    });
  }

  it("goes back to the first release, and takes what the failed ones brought away", async () => {
    const { code, stdout, stderr } = await up("a", "true");
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await answer(), "a");
    await until(
      "the failed releases to go",
      60,
      async () => [...(await podsOf("b")), ...(await podsOf("c"))].length === 0,
    );
  });

  it("moves to a good release, and takes the first one away", async () => {
    const { code, stdout, stderr } = await up("d", "true");
    assert.equal(code, 0, stdout + stderr);
    await comesToServe("d");
    await until("the first release to go", 60, async () => (await podsOf("a")).length === 0);
  });
});
