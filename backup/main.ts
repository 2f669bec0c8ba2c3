/** The backup program: `run`, `restore`, `list` and `serve`, on the configuration file that BACKUP_CONFIG names. */
import { parseArgs } from "node:util";
import { readJob } from "./config.ts";
import { type Context, openContext } from "./context.ts";
import { configurationFile } from "./environment.ts";
import { listSnapshots } from "./list.ts";
import { failure, messageOf } from "./log.ts";
import { restoreSite } from "./restore/index.ts";
import { runBackup } from "./run.ts";
import { serve } from "./serve.ts";

const usage = `usage: run [--accept-loss] | list [--site SITE] [--json] | serve
       restore --site SITE [--snapshot ID|latest] [--allow-unverified] [--force]`;

const options = {
  site: { type: "string" },
  snapshot: { type: "string" },
  json: { type: "boolean" },
  "allow-unverified": { type: "boolean" },
  force: { type: "boolean" },
  "accept-loss": { type: "boolean" },
} as const;

async function main(argv: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  const file = configurationFile();
  if (file === undefined) throw new Error("BACKUP_CONFIG is not set: it names the configuration file");
  const job = readJob(file);
  const [verb, ...more] = positionals;
  if (more.length > 0) throw new Error(usage);
  if (verb === "serve") return serve(job);
  const context = openContext(job, verb === "restore" ? (job.restoreTimeLimit ?? job.timeLimit) : job.timeLimit);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => context.abort(new Error(`called off by ${signal}`)));
  }
  try {
    return await runVerb(context, verb, values);
  } finally {
    context.close();
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

async function runVerb(context: Context, verb: string | undefined, values: Values): Promise<number> {
  switch (verb) {
    case "run":
      return Object.keys(await runBackup(context, values["accept-loss"] === true)).length === 0 ? 0 : 1;
    case "list":
      await listSnapshots(context, { site: values.site, json: values.json === true });
      return 0;
    case "restore":
      if (values.site === undefined) throw new Error(usage);
      await restoreSite(context, {
        site: values.site,
        snapshot: values.snapshot ?? "latest",
        allowUnverified: values["allow-unverified"] === true,
        force: values.force === true,
      });
      return 0;
    default:
      throw new Error(usage);
  }
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    failure("failed", { cause: messageOf(error) });
    process.exitCode = 1;
  },
);
