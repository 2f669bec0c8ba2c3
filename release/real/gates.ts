/** The gates that the stack file puts before a release, by the clock that all times of the ledger are of. */
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { isCodeOnly } from "../../constants/strategies.ts";
import { judge } from "../../gates/judge.ts";
import type { ReleaseJob } from "../job.ts";
import { serverTime } from "../server.ts";
import type { Past, Remembered } from "../world.ts";

/**
 * Asked only of a release that is to begin: one that has begun goes on, and one that is put back stands already.
 * @returns what speaks against it, and for the record who has let it pass all the same.
 */
export async function judgeGates(
  context: Context,
  job: ReleaseJob,
  { stands }: Past,
): Promise<{ readonly problems: readonly string[]; readonly facts: Remembered }> {
  const { gates } = job;
  if (gates === undefined) return { problems: [], facts: {} };
  const { problems, excepted } = judge(
    { ...job.release, codeOnly: isCodeOnly(job.release.strategy), gates },
    stands,
    await serverTime(context, job),
  );
  if (excepted !== undefined) info("excepted", { release: job.release.id, ...excepted });
  const { proof } = gates;
  return { problems, facts: { ...(excepted && { excepted }), ...(proof && { proof }) } };
}
