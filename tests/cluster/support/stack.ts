/** The stack that the cluster runs: staging as it is committed, scaled down to one node with two cores. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { readStackFile, type Change } from "../../support/stacks.ts";

export type DatabaseEngine = "mariadb" | "postgres";

/** A bench image in the cluster, by its real digest. */
export interface BenchImage {
  readonly tag: string;
  readonly digest: string;
}

/** Values of a stack file, free to be changed. */
export type Values = Parameters<Change>[0];

/** Who stands for the edge's controller: a pod here asks nginx as the gateway would. */
export const edgeNamespace = "envoy-gateway-system";

/** Site → its first app beside the framework; both are staging's. */
export const sites = ["erp.staging.example.com", "portal.staging.example.com"] as const;

const small = (memory: string) => ({ cpu: "10m", memory, ephemeralStorage: "256Mi" });

/** Everything that takes room, made small; nothing is left out. */
function scaleDown(values: Values): void {
  values["bench"].web = { replicas: 1, workers: 1, threads: 4, resources: small("384Mi") };
  values["bench"].nginx = { replicas: 1, resources: small("96Mi") };
  values["bench"].socketio = { resources: small("192Mi") };
  values["bench"].scheduler = { tickInterval: 10, resources: small("192Mi") };
  values["bench"].workers = {
    short: { queues: ["short", "default"], resources: small("256Mi") },
    long: { queues: ["long", "default", "short"], resources: small("256Mi") },
  };
  // The grace of a worker is its slowest queue's limit and a minute.
  values["bench"].queues = { short: { timeout: 60 }, default: { timeout: 60 }, long: { timeout: 60 } };
  values["redis"] = {
    mode: "embedded",
    cache: { resources: small("128Mi") },
    queue: { resources: small("128Mi"), storage: { size: "1Gi", storageClass: "local-path" } },
  };
  values["sitesVolume"] = { accessMode: "ReadWriteMany", size: "2Gi", storageClass: "local-path-rwx" };
  values["backup"] = {
    ...values["backup"],
    scratch: { size: "1Gi" },
    repository: { kind: "volume", accessMode: "ReadWriteMany", size: "4Gi", storageClass: "local-path-rwx" },
  };
}

const databases: Readonly<Record<DatabaseEngine, Readonly<Record<string, unknown>>>> = {
  mariadb: { engine: "mariadb", bufferPool: "128M" },
  postgres: { engine: "postgres", acceptExperimental: true },
};

/** Values of the stack file for `engine`, with `image` as its bench. */
export function clusterValues(engine: DatabaseEngine, image: BenchImage, context: string): Values {
  const values = structuredClone(readStackFile("staging").values) as Values;
  scaleDown(values);
  values["platform"] = { kind: "kubernetes", context, namespace: `frappe-${engine}`, clusterIdentifier: "test" };
  values["bench"].id = `frappe-${engine}`;
  values["database"] = {
    ...databases[engine],
    mode: "embedded",
    storage: { size: "2Gi", storageClass: "local-path" },
    resources: { cpu: "50m", memory: "768Mi" },
  };
  useImage(values, image);
  return values;
}

export function useImage(values: Values, { tag, digest }: BenchImage): void {
  const version = tag === "two" ? "15.900.2" : "15.900.1";
  const apps = { frappe: version, erpnext: version };
  values["image"] = { repository: "fixture.invalid/frappe-bench", tag, digest, apps };
}

/** A folder with the stack file in it, as `pulumi` wants it. */
export function makeStackFile(stack: string): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), `frappe-cluster-${stack}-`));
  return { folder, file: join(folder, `Pulumi.${stack}.yaml`) };
}

interface StackFileContent {
  readonly encryptionsalt?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

const isSealed = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

/** Writes the values under the project's name; of what the file has (`kept`), its salt and its sealed values stay. */
export function writeStackFile(
  file: string,
  values: Values,
  { encryptionsalt, config = {} }: StackFileContent = {},
): void {
  const sealed = Object.entries(config).filter(([, value]) => isSealed(value));
  const plain = Object.entries(values).map(([key, value]) => [`frappe:${key}`, value as unknown]);
  const content = { ...(encryptionsalt !== undefined && { encryptionsalt }) };
  writeFileSync(file, stringify({ ...content, config: Object.fromEntries([...sealed, ...plain]) }));
}
