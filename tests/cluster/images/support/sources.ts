// The layers of every image in folders, for tests that look into them or run them.
import { lstatSync, mkdtempSync, readlinkSync, rmSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ImageSource } from "../archive.ts";
import { imageSources } from "../index.ts";
import { layerMaker } from "../platform.ts";
import { debianRoot } from "../rootfs.ts";

export interface Sources {
  /** The image that a node starts for a reference of the program's; throws where there is none. */
  readonly imageOf: (reference: string) => ImageSource;
  readonly all: readonly ImageSource[];
  readonly dispose: () => void;
}

/** What a node looks a reference up by: with a digest the tag says nothing. */
export const lookedUp = (reference: string): string => reference.replace(/:[^:/@]+@/, "@");

export async function openSources(): Promise<Sources> {
  const home = mkdtempSync(path.join(tmpdir(), "image-layers-"));
  const all = await imageSources(layerMaker(await debianRoot(), home));
  return {
    all,
    imageOf: (reference) => {
      const image = all.find(({ names }) => names.includes(lookedUp(reference)));
      if (image === undefined) throw new Error(`no image is named ${lookedUp(reference)}`);
      return image;
    },
    dispose: () => rmSync(home, { recursive: true, force: true }),
  };
}

export interface Found {
  /** Where it really is: no link any more. */
  readonly file: string;
  readonly stats: Stats;
}

/** What an image has at a path, every link on the way followed within the image; undefined where there is nothing. */
export function find(layers: readonly string[], inImage: string, links = 0): Found | undefined {
  if (links > 20) return undefined;
  const words = inImage.split("/").filter((word) => word !== "" && word !== ".");
  let at = "/";
  for (const [index, word] of words.entries()) {
    at = path.posix.join(at, word);
    const found = uppermost(layers, at);
    if (found === undefined) return undefined;
    if (found.stats.isSymbolicLink()) {
      const target = path.posix.resolve(path.posix.dirname(at), readlinkSync(found.file));
      return find(layers, path.posix.join(target, ...words.slice(index + 1)), links + 1);
    }
    if (index === words.length - 1) return found;
  }
  return undefined;
}

function uppermost(layers: readonly string[], inImage: string): Found | undefined {
  for (const layer of [...layers].reverse()) {
    const file = path.join(layer, inImage);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats !== undefined) return { file, stats };
  }
  return undefined;
}

const folders = (image: ImageSource): string[] =>
  (image.config.Env ?? []).flatMap((line) => (line.startsWith("PATH=") ? line.slice(5).split(":") : []));

/** The program that a command's first word starts in an image, as the kernel or the image's PATH would find it. */
export function findProgram(image: ImageSource, word: string): Found | undefined {
  const places = word.includes("/") ? [word] : folders(image).map((folder) => `${folder}/${word}`);
  return places
    .map((place) => find(image.layers ?? [], place))
    .find((found) => found !== undefined && found.stats.isFile() && (found.stats.mode & 0o111) !== 0);
}
