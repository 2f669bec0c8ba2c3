/** Why each digest is believed: images/evidence.json, one entry per reference. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { reference } from "./pins.ts";

export interface Place {
  /** github.com/owner/name */
  readonly repository: string;
  readonly path: string;
  readonly commit: string;
  /** The day we read it there. */
  readonly seen: string;
  /** What that place adds to the bare reference. */
  readonly says?: string;
}

export interface Evidence {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** Public places that name the same tag and the same digest. */
  readonly places: readonly Place[];
  /** Set by `pin-images --write`: the registry's own answer, hashed here. */
  readonly registry?: { readonly resolved: string };
}

export const evidenceFile = "images/evidence.json";

export const readEvidence = (root: string): Evidence[] =>
  JSON.parse(readFileSync(path.join(root, evidenceFile), "utf8")) as Evidence[];

/** Two places of one owner are one place: they copy from each other. */
export const owners = ({ places }: Evidence): Set<string> =>
  new Set(places.map(({ repository }) => repository.split("/").slice(0, 2).join("/").toLowerCase()));

/** Two independent owners, or the registry itself. */
export const isEnough = (entry: Evidence): boolean => entry.registry !== undefined || owners(entry).size >= 2;

/** A digest that the registry gave us replaces what others had said about the old one. */
export function recordResolved(root: string, digests: ReadonlyMap<string, string>, day: string): void {
  const entries = readEvidence(root);
  const known = new Set(entries.map(reference));
  const renewed = entries.map((entry): Evidence => {
    const digest = digests.get(reference(entry));
    return digest === undefined || digest === entry.digest
      ? entry
      : { repository: entry.repository, tag: entry.tag, digest, places: [], registry: { resolved: day } };
  });
  const added = [...digests].flatMap(([name, digest]): Evidence[] => {
    const colon = name.lastIndexOf(":");
    const entry = {
      repository: name.slice(0, colon),
      tag: name.slice(colon + 1),
      digest,
      places: [],
      registry: { resolved: day },
    };
    return known.has(name) ? [] : [entry];
  });
  writeFileSync(path.join(root, evidenceFile), `${JSON.stringify([...renewed, ...added], null, 2)}\n`);
}
