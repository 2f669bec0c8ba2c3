/** Goldens: what each committed stack comes to, on the real engine, with the offline providers. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { environment } from "../../engine/environment.ts";
import { run, tail } from "../../engine/run.ts";
import { stackFiles, stackNames, type StackName } from "../support/stacks.ts";
import { readRegistrations, type Registration } from "./registrations.ts";

const root = resolve(import.meta.dirname, "../..");

/** Seconds; the first one may have to build the engine. */
const deadline = 2400;

export const goldenPath = (stack: StackName): string => join(import.meta.dirname, `${stack}.json`);

/** Previews a stack file and returns what the engine was asked to register. */
export async function registrationsOf(stackFile: string): Promise<Registration[]> {
  const folder = mkdtempSync(join(tmpdir(), "frappe-golden-"));
  const log = join(folder, "grpc.json");
  try {
    const argv = [
      process.execPath,
      "--import",
      "./engine/loader.mjs",
      "engine/preview.ts",
      stackFile,
      "--offline",
    ] as const;
    // A golden is the same on every machine, whichever cluster its owner works with.
    const env = environment.forChild({ PULUMI_DEBUG_GRPC: log, KUBECONFIG: "/of/somebody/else" });
    const { code, stdout, stderr } = await run([...argv], { seconds: deadline, cwd: root, env });
    if (code !== 0 || !existsSync(log)) {
      throw new Error(`the preview of ${stackFile} failed:\n${tail(stdout, 30)}\n${tail(stderr, 30)}`);
    }
    return readRegistrations(log);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const goldenText = (registrations: readonly Registration[]): string =>
  `${JSON.stringify(registrations, null, 1)}\n`;

export const readGolden = (stack: StackName): Registration[] =>
  JSON.parse(readFileSync(goldenPath(stack), "utf8")) as Registration[];

/** `npm run golden`: the only writer of goldens. */
export async function rewriteGoldens(): Promise<void> {
  for (const stack of stackNames) {
    const registrations = await registrationsOf(stackFiles[stack]);
    writeFileSync(goldenPath(stack), goldenText(registrations));
    process.stdout.write(`${stack}: ${registrations.length} resources\n`);
  }
}
