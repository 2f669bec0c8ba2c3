/**
 * What production asks for before it takes an image: that it has stood here. Read from this stack's own ledger; nothing signs it, so that
 * whoever reviews production's stack file can look it up here by the release's id.
 */
import { stringify } from "yaml";
import { z } from "zod";
import type { StackConfig } from "../config/stack.ts";
import type { Proof } from "../gates/declared.ts";
import { OperateError } from "./cluster.ts";
import type { ListedRelease } from "./ledger-reader.ts";

const factsSchema = z.object({
  image: z.string().regex(/@sha256:[0-9a-f]{64}$/),
  apps: z.array(z.object({ name: z.string(), version: z.string() })).min(1),
  gitSha: z.string().optional(),
});

const minute = 60_000;
/** The full minute after: never earlier than it was. */
const upToMinute = (at: number): string => `${new Date(Math.ceil(at / minute) * minute).toISOString().slice(0, 16)}Z`;

/**
 * When it was confirmed, in milliseconds since 1970. The ledger's event of it says so with every strategy: one of code alone opens no writes,
 * and a release may change after it was confirmed.
 */
const confirmedAt = ({ events }: ListedRelease): number | undefined =>
  events.find(({ kind, site }) => kind === "confirmed" && site === "")?.at;

/**
 * @param release as it comes with its events
 * @param stands the id of the release that stands. Another one may not be attested: its hours would count on without it.
 * @throws OperateError for a release that does not stand, or of which the ledger does not know what it was made of, or since when it stands
 */
export function proofOf(
  { bench }: Pick<StackConfig, "bench">,
  release: ListedRelease,
  stands: string | undefined,
): Proof {
  const { id, state, facts } = release;
  if (state !== "confirmed") {
    throw new OperateError(
      `release ${id} has never stood: it is ${state.replaceAll("_", " ")}, and only one that is confirmed proves its image`,
    );
  }
  if (stands !== id) {
    throw new OperateError(
      `release ${id} stands no more: release ${stands ?? "none"} has followed it, and only the one that stands proves its image; ` +
        `\`attest ${stands ?? ""}\`, or release that image there once more`,
    );
  }
  const since = confirmedAt(release);
  if (since === undefined) throw new OperateError(`the ledger does not say since when release ${id} stands`);
  const known = factsSchema.safeParse(facts);
  if (!known.success) {
    const [issue] = known.error.issues;
    throw new OperateError(
      `the ledger does not say what release ${id} was made of: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  const { image, apps, gitSha } = known.data;
  return {
    bench: bench.id,
    release: id,
    digest: image.split("@").at(-1) ?? "",
    apps: Object.fromEntries(apps.map(({ name, version }) => [name, version])),
    confirmedAt: upToMinute(since),
    ...(gitSha !== undefined && { gitSha }),
  };
}

/** For the stack file: in quotes, since digits alone would be a number there. */
export const attestText = (proof: Proof, json: boolean): string[] =>
  json
    ? [JSON.stringify(proof, undefined, 2)]
    : [
        "# below frappe:release of the stack that the image goes to",
        stringify({ proof }, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" }).trimEnd(),
      ];
