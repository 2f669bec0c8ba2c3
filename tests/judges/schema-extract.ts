// From the modules as they were shipped to one strict schema per kind.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { type EnumFields, readEnums } from "./go-enums.ts";
import { type Json, at, isObject, listAt, textAt } from "./kubernetes-object.ts";
import type { SourceModule } from "./schema-sources.ts";
import { type Dialect, strict } from "./schema-strict.ts";

export interface KindEntry {
  /** Which schema document, and where in it. */
  document: string;
  pointer: string;
  scope: "Namespaced" | "Cluster";
}

export interface Extracted {
  /** `apps/v1/Deployment` → where its schema is. */
  kinds: Record<string, KindEntry>;
  documents: Record<string, Json>;
}

/** Where each project keeps the definitions that it ships. */
const crdFolders: readonly [module: string, folder: string][] = [
  ["github.com/cert-manager/cert-manager", "deploy/crds"],
  ["github.com/cloudnative-pg/cloudnative-pg", "config/crd/bases"],
  ["github.com/mariadb-operator/mariadb-operator/v25", "config/crd/bases"],
  ["github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd"],
  ["sigs.k8s.io/gateway-api", "config/crd/standard"],
];

const refPrefix = "#/components/schemas/";
const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const builtinRef = (name: string) => `kubernetes#/definitions/${name}`;

export function extractSchemas(modules: ReadonlyMap<string, SourceModule>): Extracted {
  const folderOf = (module: string) => {
    const found = modules.get(module);
    if (found === undefined) throw new Error(`tests/judges/modules/go.mod does not pin ${module}`);
    return found.folder;
  };
  const extracted = extractBuiltins(
    path.join(folderOf("k8s.io/kubernetes"), "api/openapi-spec/v3"),
    readEnums(folderOf("k8s.io/api")),
  );
  for (const [module, folder] of crdFolders) extractDefinitions(path.join(folderOf(module), folder), extracted);
  return extracted;
}

function extractBuiltins(folder: string, enums: EnumFields): Extracted {
  const specs = readdirSync(folder)
    .filter((file) => file.endsWith("_openapi.json"))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Json);
  const published: Json = Object.fromEntries(
    specs.flatMap((spec) => Object.entries(at(spec, "components", "schemas"))),
  );
  const nameOf = (ref: string) => ref.slice(refPrefix.length);
  const dialect: Dialect = {
    defaultsApply: false,
    rewriteRef: (ref) => builtinRef(nameOf(ref)),
    resolve: (ref) => published[nameOf(ref)],
  };
  const definitions = Object.fromEntries(
    Object.entries(published).map(([name, schema]) => [
      name,
      withEnums(strict(schema, dialect), enums.get(name.replace(/^io\.k8s\.api\./, ""))),
    ]),
  );
  definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = { type: ["string", "number"], format: "quantity" };
  const kinds: Record<string, KindEntry> = {};
  for (const { id, namespaced } of specs.flatMap(creatableKinds)) {
    const owner = Object.entries(published).find(([, schema]) =>
      listAt(schema, "x-kubernetes-group-version-kind").some((gvk) => idOf(gvk) === id),
    );
    const scope = namespaced ? "Namespaced" : "Cluster";
    if (owner) kinds[id] = { document: "kubernetes", pointer: `/definitions/${owner[0]}`, scope };
  }
  return { kinds, documents: { kubernetes: { $id: "kubernetes", definitions } } };
}

const idOf = (gvk: Json) => [gvk["group"], gvk["version"], gvk["kind"]].filter((part) => part !== "").join("/");

/** Kinds that a POST to their collection makes; not lists, options and sub-resources. */
function creatableKinds(spec: Json): { id: string; namespaced: boolean }[] {
  return Object.entries(at(spec, "paths"))
    .filter(([url, operations]) => !url.includes("{name}") && isObject(operations) && isObject(operations["post"]))
    .map(([url, operations]) => ({ url, gvk: at(operations, "post", "x-kubernetes-group-version-kind") }))
    .filter(
      ({ url, gvk }) => gvk["kind"] !== undefined && !(url.includes("{namespace}") && url.endsWith("{namespace}")),
    )
    .map(({ url, gvk }) => ({ id: idOf(gvk), namespaced: url.includes("/namespaces/{namespace}/") }));
}

function withEnums(schema: Json, fields: ReadonlyMap<string, readonly string[]> | undefined): Json {
  for (const [name, values] of fields ?? []) {
    const field = at(schema, "properties", name);
    const target = field["type"] === "array" ? at(field, "items") : field;
    if (target["type"] === "string") target["enum"] = values;
  }
  return schema;
}

function extractDefinitions(folder: string, into: Extracted): void {
  const dialect: Dialect = { defaultsApply: true, rewriteRef: (ref) => ref, resolve: () => ({}) };
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const documents = files.flatMap((file) => readFileSync(path.join(folder, file), "utf8").split(/^---$/m));
  for (const definition of documents.map((text) => parse(text) as unknown)) {
    if (textAt(definition, "kind") !== "CustomResourceDefinition") continue;
    const kind = textAt(definition, "spec", "names", "kind");
    const scope = textAt(definition, "spec", "scope") === "Cluster" ? "Cluster" : "Namespaced";
    for (const version of listAt(definition, "spec", "versions").filter(({ served }) => served === true)) {
      const id = `${textAt(definition, "spec", "group")}/${String(version["name"])}/${kind}`;
      const document = id.replaceAll("/", "_");
      const schema = strict(at(version, "schema", "openAPIV3Schema"), dialect);
      at(schema, "properties")["metadata"] = { $ref: builtinRef(objectMeta) };
      into.documents[document] = { $id: document, ...schema };
      into.kinds[id] = { document, pointer: "", scope };
    }
  }
}
