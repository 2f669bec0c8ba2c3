/** Kinds that a platform's cluster brings along: the definitions of the Gateway API and of cert-manager, as their projects ship them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiextensionsV1Api, type V1CustomResourceDefinition } from "@kubernetes/client-node";
import { parse } from "yaml";
import { downloadSources } from "../../judges/schema-sources.ts";
import { nameOf, unlessThere, until, type Api } from "./pods.ts";

/** Kinds that the stack uses, and where their definitions lie in the Go module of their project. */
const kinds = [
  {
    module: "sigs.k8s.io/gateway-api",
    folder: "config/crd/standard",
    names: /_(gatewayclasses|gateways|httproutes)\.yaml$/,
  },
  {
    module: "github.com/cert-manager/cert-manager",
    folder: "deploy/crds",
    names: /^cert-manager\.io_certificates\.yaml$/,
  },
] as const;

const isEstablished = ({ status }: V1CustomResourceDefinition): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === "Established" && condition.status === "True");

export async function installDefinitions({ config }: Api): Promise<void> {
  const api = config.makeApiClient(ApiextensionsV1Api);
  const sources = downloadSources();
  for (const { module, folder, names } of kinds) {
    const path = join(sources.get(module)?.folder ?? "", folder);
    for (const file of readdirSync(path).filter((name) => names.test(name))) {
      const body = parse(readFileSync(join(path, file), "utf8")) as V1CustomResourceDefinition;
      await unlessThere(api.createCustomResourceDefinition({ body }));
      const name = nameOf(body);
      await until(name, 30, async () => isEstablished(await api.readCustomResourceDefinition({ name })));
    }
  }
}
