/** Programs for the Kubernetes provider of the suite, on the cluster of the run: parts that a test puts together. */
import { engineTimeout, makeToy, prepareEngine, type Toy } from "../../engine/toy.ts";
import { theCluster } from "../support/cluster.ts";
import { attachedProviders } from "../support/engine.ts";
import { connectTo, type Api } from "../support/pods.ts";

export interface Bed {
  readonly toy: Toy;
  readonly api: Api;
  /** Replaces the program; `o` are the options with its provider, `namespace` is its own. */
  write(body: string, providerArgs?: object): void;
  /** Runs `up` to the end of all that can be done, whatever fails, and gives its exit code and words. */
  up(): Promise<{ readonly code: number; readonly text: string }>;
  outputs(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

export const bedTimeout = engineTimeout;

const image = "localhost/frappe-debian:12";

/** What programs are made of: a container that does as told, and the workloads around it. */
const parts = `
const pod = (app, command, more = {}) => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, ...more.spec,
    containers: [{ name: "it", image: more.image ?? "${image}", imagePullPolicy: "IfNotPresent", command, ...more.container }] },
});
const workload = (app, command, more) => ({ selector: { matchLabels: { app } }, template: pod(app, command, more) });
const within = (seconds) => ({ ...o, customTimeouts: { create: seconds + "s", update: seconds + "s", delete: seconds + "s" } });
`;

export async function makeBed(): Promise<Bed> {
  const { cluster } = await theCluster();
  await prepareEngine();
  const toy = await makeToy(await attachedProviders(cluster.kubeconfig));
  const fixed = { kubeconfig: cluster.kubeconfig, context: cluster.context, clusterIdentifier: "tests" };
  const write: Bed["write"] = (body, providerArgs = {}) =>
    toy.write(`
const o = { provider: new k8s.Provider("cluster", ${JSON.stringify({ ...fixed, ...providerArgs })}) };
const namespace = new k8s.core.v1.Namespace("bed", {}, o).metadata.name;
exports.namespace = namespace;
${parts}${body}`);
  return {
    toy,
    api: connectTo(cluster.kubeconfig, cluster.context),
    write,
    up: async () => {
      const { code, stdout, stderr } = await toy.pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
      return { code, text: stdout + stderr };
    },
    outputs: async () =>
      JSON.parse((await toy.succeed("stack", "output", "--json", "--show-secrets")).stdout) as Record<string, string>,
    remove: async () => {
      // A test that failed half-way leaves objects: the cluster is thrown away, but the next suite shares it.
      await toy.pulumi("destroy", "--yes", "--skip-preview");
      toy.remove();
    },
  };
}
