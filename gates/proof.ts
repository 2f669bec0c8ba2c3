/** Whether an image has stood in staging, by what the stack file has of it. */
import type { Proof, Staging } from "./declared.ts";

const hour = 3_600_000;
/** Whatever says that it stood before then was written by a clock or a program that was wrong. */
const earliest = Date.UTC(2020, 0, 1);

export interface App {
  readonly name: string;
  readonly version: string;
}

/** What makes a release's code. */
export interface Made {
  readonly image: string;
  readonly apps: readonly App[];
}

const digestOf = (image: string): string => image.split("@").at(-1) ?? "";

/** The order of installation makes no other code. */
const listed = (apps: readonly App[]): string =>
  apps
    .map(({ name, version }) => `${name} ${version}`)
    .sort()
    .join(", ");

/** By its digest, whatever the registry is called. */
export const isSameCode = (one: Made, other: Made): boolean =>
  digestOf(one.image) === digestOf(other.image) && listed(one.apps) === listed(other.apps);

/** What speaks against taking an image for one that stood in staging; undefined: nothing does. */
export function unproven(
  { bench, hours }: Staging,
  proof: Proof | undefined,
  released: Made,
  at: number,
): string | undefined {
  const remedy = "put in what `npm run releases -- <staging> attest <id>` prints of a release that stood there";
  const wrong = (what: string) => `frappe:release.proof ${what}: ${remedy}`;
  if (proof === undefined) return `frappe:release.proof is missing: ${remedy}`;
  if (proof.bench !== bench) return wrong(`is of ${proof.bench}, and ${bench} is asked for`);
  if (proof.digest !== digestOf(released.image)) {
    return wrong(`is of ${proof.digest}, and the image is ${digestOf(released.image)}`);
  }
  const [shown, wanted] = [
    listed(Object.entries(proof.apps).map(([name, version]) => ({ name, version }))),
    listed(released.apps),
  ];
  if (shown !== wanted) return wrong(`is of the apps ${shown}, and frappe:image.apps are ${wanted}`);
  const since = Date.parse(proof.confirmedAt);
  if (!(since <= at)) return wrong(`says that ${proof.release} stood at ${proof.confirmedAt}, which is to come`);
  if (since < earliest) {
    return wrong(`says that ${proof.release} stood at ${proof.confirmedAt}, and a time before 2020 is none`);
  }
  const due = since + hours * hour;
  return at < due
    ? `release ${proof.release} has stood on ${bench} since ${proof.confirmedAt}, and ${hours} h are asked for: wait until ${utc(due)}`
    : undefined;
}

/** `2026-11-23T06:00Z`. */
export const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
