// Extracted schemas, kept outside the tree between runs. The folder's name is a hash of what it was made from; each file
// starts with the hash of the rest, so a damaged one is noticed and everything is made again.
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { environment } from "../../engine/environment.ts";
import type { Json } from "./kubernetes-object.ts";
import { type Extracted, type KindEntry, extractSchemas } from "./schema-extract.ts";
import { downloadSources, goSum } from "./schema-sources.ts";

export interface SchemaStore {
  readonly kinds: Readonly<Record<string, KindEntry>>;
  document(name: string): Json;
}

const madeBy = ["schema-extract.ts", "schema-strict.ts", "go-enums.ts"].map((file) =>
  readFileSync(new URL(file, import.meta.url), "utf8"),
);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const version = sha256([goSum, ...madeBy].join("\n")).slice(0, 16);

export const defaultCacheFolder = () => path.join(environment.cacheHome(), "judges");

/** The schemas from the cache, or made anew (download, extract, keep) where the cache has none or a damaged one. */
export function openSchemas(cache = defaultCacheFolder()): SchemaStore {
  const folder = path.join(cache, version);
  const kinds = readChecked(path.join(folder, "kinds")) as Record<string, KindEntry> | undefined;
  if (kinds === undefined) return rebuild(cache);
  let rebuilt: SchemaStore | undefined;
  const document = (name: string) =>
    rebuilt?.document(name) ??
    (readChecked(path.join(folder, name)) as Json | undefined) ??
    (rebuilt = rebuild(cache)).document(name);
  return { kinds, document };
}

function rebuild(cache: string): SchemaStore {
  const { kinds, documents } = extractSchemas(downloadSources());
  keep(cache, { kinds, documents });
  const document = (name: string) => {
    const found = documents[name];
    if (found === undefined) throw new Error(`no schema document named ${name}`);
    return found;
  };
  return { kinds, document };
}

/** Written beside its place and then moved in, so that two test runs at once never see half of it. */
function keep(cache: string, { kinds, documents }: Extracted): void {
  const folder = path.join(cache, version);
  const draft = path.join(cache, `draft-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  for (const [name, document] of Object.entries({ ...documents, kinds })) {
    const text = JSON.stringify(document);
    writeFileSync(path.join(draft, name), `${sha256(text)}\n${text}`);
  }
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error; // another run was faster: its copy is the same
  }
}

function readChecked(file: string): unknown {
  try {
    const [hash = "", text = ""] = readFileSync(file, "utf8").split(/\n([\s\S]*)/, 2);
    return hash === sha256(text) ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
