/** Images of the node: two of our own, made from what Go built, and the import of archives into containerd. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Ended } from "../../../engine/run.ts";
import { tail } from "../../../engine/run.ts";
import { writeArchive, type ImageSource, type WrittenImage } from "../images/archive.ts";
import type { Binaries, Say } from "./binaries.ts";
import { containerdSocketOf } from "./configs.ts";
import { clusterHome, corednsImage, pauseImage, type Places } from "./settings.ts";

/** What buildImages of ../images gives. */
export interface Archive {
  readonly file: string;
  readonly images: readonly WrittenImage[];
}

/** Runs a command inside the node. */
export type Enter = (argv: readonly [string, ...string[]], options?: { seconds?: number }) => Promise<Ended>;

/** pause and CoreDNS, as archives that are cached by what Go built. */
export async function ownArchives({ pause, coredns }: Binaries): Promise<readonly Archive[]> {
  const user = { User: "65535:65535" };
  return Promise.all([
    cachedArchive(path.basename(pause), { names: [pauseImage], config: { Entrypoint: ["/pause"], ...user } }, pause),
    cachedArchive(path.basename(coredns), { names: [corednsImage], config: { Entrypoint: ["/coredns"] } }, coredns),
  ]);
}

/** An archive with one image of one layer, written at the first call. @param key names what the layer is made of. */
export async function cachedArchive(key: string, image: ImageSource, layer: string): Promise<Archive> {
  const folder = path.join(clusterHome(), "images", key);
  if (!existsSync(folder)) {
    await mkdir(path.dirname(folder), { recursive: true });
    const draft = await mkdtemp(`${folder}.draft-`);
    try {
      const written = await writeArchive(path.join(draft, "image.tar"), [image], [layer]);
      await writeFile(path.join(draft, "images.json"), JSON.stringify(written));
      if (!existsSync(folder)) await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  const images = JSON.parse(await readFile(path.join(folder, "images.json"), "utf8")) as WrittenImage[];
  return { file: path.join(folder, "image.tar"), images };
}

/**
 * Gives containerd every image of the archives under every name. What it has by digest is named and not imported again.
 * @throws Error in containerd's own words.
 */
export async function importArchives(
  places: Places,
  archives: readonly Archive[],
  enter: Enter,
  say: Say,
): Promise<void> {
  const ctr = async (...args: readonly string[]) => {
    const argv = ["ctr", "--address", containerdSocketOf(places), "--namespace", "k8s.io", ...args] as const;
    const { code, stdout, stderr } = await enter(argv, { seconds: 600 });
    if (code !== 0) throw new Error(`ctr ${args.join(" ")} failed: ${tail(stderr)}`);
    return stdout;
  };
  for (const { file, images } of archives) {
    const known = namesByDigest(await ctr("images", "list"));
    if (!images.every(({ digest }) => known.has(digest))) {
      const started = performance.now();
      await ctr("images", "import", file);
      say(`imported ${path.basename(file)} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      continue;
    }
    for (const { names, digest } of images) {
      const [source = "", ...others] = known.get(digest) ?? [];
      const missing = names.filter((name) => name !== source && !others.includes(name));
      if (missing.length > 0) await ctr("images", "tag", "--force", source, ...missing);
    }
  }
}

/** Reads the table of `ctr images list`: name, type, digest, and what we do not ask. */
function namesByDigest(table: string): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const line of table.split("\n")) {
    const [, name, digest] = /^(\S+)\s+\S+\s+(sha256:[0-9a-f]+)\s/.exec(line) ?? [];
    // Names that start so are the kubelet's own, for what an image is made of.
    if (name === undefined || digest === undefined || name.startsWith("sha256:")) continue;
    known.set(digest, [...(known.get(digest) ?? []), name]);
  }
  return known;
}
