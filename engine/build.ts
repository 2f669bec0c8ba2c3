/**
 * Builds the engine from Go modules whose checksums are pinned (engine/cli, engine/host), for machines that reach a module proxy
 * and no download site. Some four minutes on two cores, once; then it lies where an official one would.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment } from "./environment.ts";
import { versionBin, type Report } from "./find.ts";
import { root } from "./root.ts";
import { run, tail } from "./run.ts";
import { engineVersions } from "./versions.ts";

/** Seconds for one of the two programs, on a slow machine with an empty cache. */
const deadline = 1800;

const modules = {
  cli: {
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersions.module}`,
  },
  host: {
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersions.moduleHost}`,
  },
} as const;

/**
 * Newer engines tell the language host its options by RPC; this one takes them as flags. It is started in the project's folder,
 * so it reads them where the engine has read them: in Pulumi.yaml.
 */
const hostLauncher = `#!/bin/sh
nodeargs=$(sed -n 's/^ *nodeargs: *//p' Pulumi.yaml 2>/dev/null | head -n 1)
typescript=$(sed -n 's/^ *typescript: *//p' Pulumi.yaml 2>/dev/null | head -n 1)
exec "$(dirname "$0")/pulumi-language-nodejs-${engineVersions.moduleHost}" -typescript="\${typescript:-true}" -nodeargs="$nodeargs" "$@"
`;

async function goVersion(): Promise<string> {
  const missing = "Go is not on the PATH; install Go 1.26 or newer, or Pulumi itself";
  const { code, stdout } = await run(["go", "env", "GOVERSION"], { seconds: 60 }).catch(() => {
    throw new Error(missing);
  });
  if (code !== 0) {
    throw new Error(missing);
  }
  return stdout.trim();
}

/** Says now and then that it is still going: nothing is more worrying than four silent minutes. */
function ticking(report: Report, what: string): () => void {
  const started = Date.now();
  const every = environment.isCi() ? 60_000 : 15_000;
  const timer = setInterval(
    () => report(`engine: ${what}, ${Math.round((Date.now() - started) / 1000)} s so far`),
    every,
  );
  return () => clearInterval(timer);
}

async function goBuild(module: keyof typeof modules, output: string, report: Report): Promise<void> {
  const { package: target, ldflags } = modules[module];
  const stop = ticking(report, `compiling ${target.split("/").at(-1)}`);
  try {
    const { code, stderr } = await run(
      ["go", "build", "-trimpath", "-mod=readonly", `-ldflags=${ldflags}`, "-o", output, target],
      { seconds: deadline, cwd: join(root, "engine", module), env: environment.forChild({ CGO_ENABLED: "0" }) },
    );
    if (code !== 0) {
      throw new Error(`go build of ${target} failed:\n    ${tail(stderr)}`);
    }
  } finally {
    stop();
  }
}

const isWhole = (bin: string) => ["pulumi", "pulumi-language-nodejs"].every((name) => existsSync(join(bin, name)));

/** Moves a finished build to its place, unless another one has finished first: that one may be running by now. */
function install(scratch: string, bin: string): void {
  try {
    renameSync(scratch, bin);
  } catch (error) {
    if (isWhole(bin)) {
      return;
    }
    if (!existsSync(bin)) {
      throw error;
    }
    rmSync(bin, { recursive: true });
    renameSync(scratch, bin);
  }
}

/**
 * Builds both programs beside their place and moves them in at the end: a build that is killed leaves nothing that could be taken
 * for an engine, and of two at once the first one's result stands.
 * @returns the path of the program.
 */
export async function buildEngine(report: Report): Promise<string> {
  const bin = versionBin(engineVersions.module);
  report(`engine: compiling with ${await goVersion()}; about four minutes once, then never again`);
  mkdirSync(dirname(bin), { recursive: true });
  const scratch = mkdtempSync(join(dirname(bin), ".build-"));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  // Also when we are ended from outside: half a gigabyte of nothing would stay.
  process.once("exit", remove);
  try {
    const host = join(scratch, `pulumi-language-nodejs-${engineVersions.moduleHost}`);
    await goBuild("cli", join(scratch, "pulumi"), report);
    await goBuild("host", host, report);
    const launcher = join(scratch, "pulumi-language-nodejs");
    writeFileSync(launcher, hostLauncher);
    chmodSync(launcher, 0o755);
    install(scratch, bin);
  } finally {
    remove();
    process.off("exit", remove);
  }
  return join(bin, "pulumi");
}
