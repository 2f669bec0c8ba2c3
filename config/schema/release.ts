/** How one version follows another, and how long each part of that may take. */
import { z } from "zod";
import { strategies } from "../../constants/strategies.ts";
import { canary } from "./canary.ts";
import { checks } from "./checks.ts";
import { exception, gates, proof } from "./gates.ts";
import { pattern, wholeNumber } from "./primitives.ts";
import { resources } from "./workload.ts";

const seconds = (least: number, most: number, standard: number) =>
  wholeNumber(least, most, " seconds").default(standard);

const timeouts = z
  .strictObject({
    drain: seconds(10, 86_400, 900).describe(
      "Seconds that running jobs are given to end before writes are closed; then the release is called off, and no job is lost.",
    ),
    migrate: seconds(30, 86_400, 3600).describe("Seconds for one site's `bench migrate`; then the release goes back."),
    createSite: seconds(30, 86_400, 1800).describe("Seconds for a new site to be made."),
    verify: seconds(10, 7200, 300).describe("Seconds for the new set to answer well."),
    hold: seconds(60, 86_400, 1800).describe(
      "Seconds from the last migrated site until the new set has to be verified; later, the release goes back by itself, whether or not anybody is there.",
    ),
    back: seconds(30, 604_800, 7200).describe(
      "Seconds for the way back of a release that fails, all sites together; what is late then is ended by the next `up`.",
    ),
    step: seconds(60, 604_800, 21_600).describe("Seconds for one step as a whole, all sites together."),
  })
  .prefault({})
  .describe("How long each part of a release may take.");

export const release = z
  .strictObject({
    strategy: z
      .enum(strategies, { error: "expected blueGreen, recreate, rolling or canary" })
      .default("blueGreen")
      .describe(
        "blueGreen: the new set stands beside the old, writes close while sites are migrated. recreate: the same, and the old set goes first (small nodes). rolling: for new code on the same schema, which is checked: nothing is migrated, writes stay open. canary: rolling, and a share of the requests tries the new set first.",
      ),
    attempt: wholeNumber(1, 999).default(1).describe("Raise it to try a release again that failed."),
    rollbackTo: pattern(
      /^[0-9a-f]{10}$/,
      "the id of a release, 10 hexadecimal digits as `npm run releases` lists them",
      10,
    )
      .optional()
      .describe(
        "Id of the confirmed release to go back to, with its image and apps: each site is restored from the backup taken when that release was left. What was written since is kept in a backup of its own.",
      ),
    readyTimeout: wholeNumber(10, 7200, " seconds")
      .default(600)
      .describe(
        "Seconds that a workload, an address or a certificate may take to be ready, images and volumes included; then `up` fails and says why.",
      ),
    gates,
    proof: proof.optional(),
    exception: exception.optional(),
    timeouts,
    canary,
    checks,
    resources: resources("250m", "1Gi", "512Mi").describe("What a step's pod may use: it runs `bench migrate`."),
    gitSha: pattern(/^[0-9a-f]{40}$/, "a git revision of 40 hexadecimal digits", 40)
      .optional()
      .describe("Revision of the deployment's source, for the record."),
  })
  .prefault({})
  .describe("How one version follows another.");
