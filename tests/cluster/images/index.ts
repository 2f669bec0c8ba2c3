// Every image that a stack with embedded databases and monitoring starts, in one archive, made without a registry.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { environment } from "../../../engine/environment.ts";
import { benchLayer, benchVersions } from "../../fixtures/bench/layer.ts";
import { exporterNames, requireExporter } from "../../judges/exporters.ts";
import { readStackFile } from "../../support/stacks.ts";
import { writeArchive, type WrittenImage } from "./archive.ts";
import {
  benchImage,
  debianImage,
  exporterImages,
  type LayerMaker,
  layerMaker,
  serverImages,
  toolImages,
} from "./platform.ts";
import { debianRoot, type DebianRoot } from "./rootfs.ts";

export interface Archive {
  /** An OCI layout as one tar file, for `ctr images import`. */
  readonly file: string;
  /** What it holds: each image under every name that a node knows it by. */
  readonly images: readonly WrittenImage[];
}

/** The sources of every image of the archive, with the layers that are not there yet written below `home`. */
export async function imageSources(maker: LayerMaker) {
  const benches = [];
  for (const version of benchVersions) benches.push(await benchImage(maker, version, await benchLayer(version)));
  const platform = [await serverImages(maker), await toolImages(maker), await exporterImages(maker)].flat();
  return [debianImage(maker), ...platform, ...benches];
}

/**
 * The archives, built by the first call (some minutes on a machine that never did) and found by later ones as long as nothing
 * that goes into them changes.
 * @throws Error in words of the program that failed, with the remedy where a machine cannot build them.
 */
export async function buildImages(): Promise<readonly Archive[]> {
  const root = await debianRoot();
  const folder = path.join(environment.cacheHome(), "cluster-images", `archive-${await keyOf(root)}`);
  const file = path.join(folder, "images.tar");
  const list = path.join(folder, "images.json");
  if (!existsSync(folder)) {
    const draft = await mkdtemp(`${folder}.draft-`);
    await prune(path.dirname(folder));
    try {
      const layers = path.join(draft, "layers");
      await mkdir(layers);
      const images = await writeArchive(path.join(draft, "images.tar"), await imageSources(layerMaker(root, layers)));
      await writeFile(path.join(draft, "images.json"), JSON.stringify(images));
      await rm(layers, { recursive: true });
      if (!existsSync(folder)) await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return [{ file, images: JSON.parse(readFileSync(list, "utf8")) as WrittenImage[] }];
}

/** An archive is a gigabyte: the newest stays for whoever is using it, with what killed builds left within the hour. */
async function prune(home: string): Promise<void> {
  const entries = readdirSync(home).map((name) => ({ name, at: statSync(path.join(home, name)).mtimeMs }));
  const drafts = entries.filter(({ name, at }) => name.includes(".draft-") && at < Date.now() - 3_600_000);
  const archives = entries
    .filter(({ name }) => /^archive-[0-9a-f]+$/.test(name))
    .sort((one, other) => other.at - one.at);
  for (const { name } of [...drafts, ...archives.slice(1)]) {
    await rm(path.join(home, name), { recursive: true, force: true });
  }
}

/** A hash of everything that goes in: what is cached elsewhere has its own in its path. */
async function keyOf(root: DebianRoot): Promise<string> {
  const hash = createHash("sha256").update(root.base).update(process.version).update(process.execPath);
  for (const version of benchVersions) hash.update(await benchLayer(version));
  for (const name of exporterNames) hash.update(requireExporter(name));
  hash.update(readFileSync(path.join(import.meta.dirname, "../../../constants/images.ts")));
  hash.update(JSON.stringify(readStackFile("staging").values["services"]));
  for (const name of readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(import.meta.dirname, name);
    const kind = statSync(file);
    if (/^support[/]|[.]spec[.]ts$/.test(name) || !kind.isFile()) continue;
    hash.update(`\0${name}\0${(kind.mode & 0o777).toString(8)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
