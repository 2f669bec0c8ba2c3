// Container images without a registry and without a daemon: an OCI image layout in one tar file, as `ctr images import` takes it.
// https://github.com/opencontainers/image-spec (v1.0: layout, index, manifest, configuration). Layers are not compressed: the archive
// goes from one folder of this machine to another, and an import need not unpack twice.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { environment } from "../../../engine/environment.ts";
import { run, tail } from "../../../engine/run.ts";

/** What an image says of itself: the image specification's own keys. */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
}

export interface ImageSource {
  /** Full references under which containerd shall know the image. */
  readonly names: readonly string[];
  readonly config: ImageConfig;
  /** Folders that only this image has, over the layers that all have. */
  readonly layers?: readonly string[];
}

export interface WrittenImage {
  /** Those that were given; and for one with a tag alone the one by digest, as a runtime knows an image that it pulled by both. */
  readonly names: readonly string[];
  /** The manifest's, `sha256:…`: what a runtime calls the image's digest. */
  readonly digest: string;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** The architecture in Go's words. */
const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;

/**
 * Writes one archive with all the images. Equal folders and settings give equal bytes: names are sorted, times are zero, owners are numbers.
 * Folders are read with their owners, modes and links, for which the caller must be root; a folder that several images name is stored once.
 * @throws Error in tar's own words. What stood at `file` is then still there.
 */
export async function writeArchive(
  file: string,
  images: readonly ImageSource[],
  layers: readonly string[] = [],
): Promise<readonly WrittenImage[]> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = await mkdtemp(`${file}.draft-`);
  try {
    const layout = path.join(draft, "layout");
    await mkdir(path.join(layout, "blobs", "sha256"), { recursive: true });
    const packed = new Map<string, Blob>();
    for (const folder of images.flatMap((image) => [...layers, ...(image.layers ?? [])])) {
      if (!packed.has(folder)) packed.set(folder, await layerBlob(layout, folder));
    }
    const written: (WrittenImage & Blob)[] = [];
    for (const { names, config, layers: own = [] } of images) {
      const blobs = [...layers, ...own].map((folder) => packed.get(folder)!);
      const manifest = await manifestBlob(layout, config, blobs);
      written.push({ names: [...new Set(names.flatMap((name) => known(name, manifest.digest)))], ...manifest });
    }
    await writeFile(path.join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(path.join(layout, "index.json"), JSON.stringify(indexOf(written)));
    await tar(layout, path.join(draft, "archive.tar"));
    await rename(path.join(draft, "archive.tar"), file);
    return written.map(({ names, digest }) => ({ names, digest }));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** `host/name:tag` has its tag after the last slash. */
const known = (name: string, digest: string): string[] => {
  const [, repository] = /^([^@]+):[^:/@]+$/.exec(name) ?? [];
  return repository === undefined ? [name] : [name, `${repository}@${digest}`];
};

async function layerBlob(layout: string, folder: string): Promise<Blob> {
  const draft = path.join(layout, "layer.tar");
  await tar(folder, draft);
  const hash = createHash("sha256");
  let size = 0;
  for await (const part of createReadStream(draft, { highWaterMark: 1 << 20 })) {
    hash.update(part as Buffer);
    size += (part as Buffer).length;
  }
  const hex = hash.digest("hex");
  await rename(draft, path.join(layout, "blobs", "sha256", hex));
  return { digest: `sha256:${hex}`, size };
}

async function manifestBlob(layout: string, config: ImageConfig, layers: readonly Blob[]): Promise<Blob> {
  const configuration = await jsonBlob(layout, {
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created_by: "tests/cluster/images" })),
  });
  return jsonBlob(layout, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...configuration },
    layers: layers.map((layer) => ({ mediaType: mediaTypes.layer, ...layer })),
  });
}

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
};

/** containerd takes the annotation as the image's whole name, and asks the specification's own only where it is missing. */
const indexOf = (images: readonly (WrittenImage & Blob)[]) => ({
  schemaVersion: 2,
  manifests: images.flatMap(({ names, digest, size }) =>
    names.map((name) => ({
      mediaType: mediaTypes.manifest,
      digest,
      size,
      platform: { architecture, os: "linux" },
      annotations: { "io.containerd.image.name": name },
    })),
  ),
});

async function jsonBlob(layout: string, content: object): Promise<Blob> {
  const text = JSON.stringify(content);
  const hex = createHash("sha256").update(text).digest("hex");
  await writeFile(path.join(layout, "blobs", "sha256", hex), text);
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}

/** The extended headers would else name tar's process, and the times of last access. */
const format = ["--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"];

async function tar(folder: string, file: string): Promise<void> {
  const order = ["--sort=name", "--mtime=@0", "--numeric-owner"];
  const ended = await run(["tar", ...order, ...format, "-C", folder, "-cf", file, "."], {
    seconds: 300,
    env: environment.forChild({ LC_ALL: "C" }),
  });
  if (ended.code !== 0) throw new Error(`tar could not pack ${folder}: ${tail(ended.stderr)}`);
}
