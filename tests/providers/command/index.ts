/**
 * Stands in for Pulumi's command provider (1.2.1) where its plugin cannot be downloaded: local.Command, by child processes. As the
 * official one, it records nothing of a create that fails, runs `create` again where an update has no `update`, hands the previous output
 * to updates and deletes unless told not to, and quotes the command and all its output when it fails: what a command prints is no secret
 * to it. It does not hang on long lines, and has neither assets nor remote commands.
 */
import { randomBytes } from "node:crypto";
import { environment } from "../../../engine/environment.ts";
import { OfflineProvider } from "../../../engine/offline/provider.ts";
import { command as rules } from "../../../engine/offline/rules/command.ts";
import { plain, type Properties } from "../../../engine/offline/value.ts";
import type { ApplyingPackage, Work } from "../provider.ts";
import { execute } from "./process.ts";

interface Arguments {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly interpreter?: readonly string[];
  readonly dir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly logging?: "stdout" | "stderr" | "stdoutAndStderr" | "none";
  readonly addPreviousOutputInEnv?: boolean;
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const heard: Readonly<Record<string, readonly string[]>> = {
  stdout: ["stdout"],
  stderr: ["stderr"],
  stdoutAndStderr: ["stdout", "stderr"],
  none: [],
};

const argumentsOf = (inputs: Properties): Arguments => plain(inputs) as Arguments;

function previousOf(outputs: Properties): Output {
  const { stdout, stderr } = plain(outputs) as Partial<Output>;
  return { stdout: stdout ?? "", stderr: stderr ?? "" };
}

const trimmed = (text: string) => text.replace(/\n$/, "");

/** @throws Error with the command and what it said, when it ends badly or takes too long. */
async function run(
  script: string,
  given: Arguments,
  directory: string,
  { log, signal, timeout }: Work,
  previous?: Output,
): Promise<Output> {
  const { interpreter = [], stdin = "", logging = "stdoutAndStderr", addPreviousOutputInEnv = true } = given;
  const [program = "/bin/sh", ...flags] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  const before = previous &&
    addPreviousOutputInEnv && { PULUMI_COMMAND_STDOUT: previous.stdout, PULUMI_COMMAND_STDERR: previous.stderr };
  const limit = timeout === undefined ? [] : [AbortSignal.timeout(timeout * 1000)];
  const { failure, output, stdout, stderr } = await execute({
    argv: [program, ...flags, script],
    env: environment.forChild({ ...given.environment, ...before }),
    cwd: given.dir ?? directory,
    stdin,
    signal: AbortSignal.any([signal, ...limit]),
    hear: (stream, line) => {
      if (heard[logging]?.includes(stream)) log.info(line);
    },
  });
  if (failure !== undefined) throw new Error(`${failure}: running ${JSON.stringify(script)}:\n${output}`);
  return { stdout: trimmed(stdout), stderr: trimmed(stderr) };
}

/** @param directory Where commands run that name no `dir`: the program's folder, when the engine starts the official plugin. */
export function command(directory: string): ApplyingPackage {
  const offline = new OfflineProvider(rules);
  const supported = (type: string, inputs: Properties) => {
    const unknown = ["assetPaths", "archivePaths"].filter((key) => inputs[key] !== undefined);
    if (type !== "command:local:Command" || unknown.length > 0) {
      throw new Error(`the command provider of the tests does not make ${[type, ...unknown].join(" with ")}`);
    }
  };
  return {
    name: "command",
    replacedBy: () => [],
    configure: async () => ({
      check: async ({ type }, { inputs }) => {
        supported(type, inputs);
        return inputs;
      },
      diff: async ({ type, name }, { oldInputs, inputs, ignored }) =>
        offline.diff(type, name, oldInputs, inputs, ignored),
      create: async (work, inputs) => {
        if (work.preview) return offline.create(work.type, work.name, inputs, true);
        const given = argumentsOf(inputs);
        const output =
          given.create === undefined ? { stdout: "", stderr: "" } : await run(given.create, given, directory, work);
        return { id: `${work.name}${randomBytes(4).toString("hex")}`, outputs: { ...inputs, ...output } };
      },
      update: async (work, { outputs, inputs }) => {
        if (work.preview) return offline.create(work.type, work.name, inputs, true).outputs;
        const given = argumentsOf(inputs);
        const script = given.update ?? given.create;
        const previous = previousOf(outputs);
        return {
          ...inputs,
          ...(script === undefined ? previous : await run(script, given, directory, work, previous)),
        };
      },
      read: async (_, known) => known,
      delete: async (work, { outputs, inputs }) => {
        const given = argumentsOf(inputs);
        if (given.delete !== undefined) await run(given.delete, given, directory, work, previousOf(outputs));
      },
    }),
  };
}
