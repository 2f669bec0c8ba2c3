/**
 * The node's programs, built by Go from the modules that modules/ pins. Go checks every module with go.sum; the results are cached by
 * what they are made of. The first build takes five to ten minutes of two processors, a later one nothing.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { environment } from "../../../engine/environment.ts";
import { run, tail } from "../../../engine/run.ts";
import { clusterHome, kubernetesVersion } from "./settings.ts";

export type Say = (line: string) => void;

interface Build {
  /** Folder below modules/ whose go.mod and go.sum it is built with. */
  readonly module: string;
  /** What of the module is ours, and goes into the hash. */
  readonly sources?: string;
  readonly packages: readonly string[];
  readonly flags?: readonly string[];
}

/** As Kubernetes' own build stamps them: clients refuse to talk to a server that says no version. */
const stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((place) => {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(kubernetesVersion) ?? [];
  const values = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return Object.entries(values).map(([name, value]) => `-X ${place}.${name}=${value}`);
});

const commands = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"];

const builds = {
  kubernetes: {
    module: "kubernetes",
    packages: commands.map((name) => `k8s.io/kubernetes/cmd/${name}`),
    flags: stamps,
  },
  netpol: { module: "kubernetes", sources: "netpol", packages: ["./netpol"] },
  coredns: { module: "coredns", sources: ".", packages: ["."] },
  "local-path-provisioner": {
    module: "local-path-provisioner",
    packages: ["github.com/rancher/local-path-provisioner"],
    flags: ["-X main.VERSION=v0.0.30"],
  },
  pause: { module: "pause", sources: ".", packages: ["."] },
} as const satisfies Record<string, Build>;

export type BuildName = keyof typeof builds;

/** Folders with the built programs. */
export type Binaries = Readonly<Record<BuildName, string>>;

const folderOf = ({ module }: Build) => path.join(import.meta.dirname, "modules", module);

/** Builds what is not built yet, one after another. @throws Error in Go's own words. */
export async function buildBinaries(say: Say): Promise<Binaries> {
  const version = (await run(["go", "version"], { seconds: 60 })).stdout;
  const built: [string, string][] = [];
  for (const [name, build] of Object.entries<Build>(builds)) {
    const folder = path.join(clusterHome(), "bin", `${name}-${await hashOf(build, version)}`);
    if (!existsSync(folder)) await buildOne(name, build, folder, say);
    built.push([name, folder]);
  }
  return Object.fromEntries(built) as Binaries;
}

async function hashOf(build: Build, version: string): Promise<string> {
  const hash = createHash("sha256").update(version).update(JSON.stringify(build));
  const folder = folderOf(build);
  const own = build.sources === undefined ? [] : await readdir(path.join(folder, build.sources));
  const sources = own.filter((file) => file.endsWith(".go")).map((file) => path.join(build.sources ?? "", file));
  for (const file of ["go.mod", "go.sum", ...sources.sort()]) {
    const content = existsSync(path.join(folder, file)) ? await readFile(path.join(folder, file)) : "";
    hash.update(`\0${file}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

async function buildOne(name: string, build: Build, folder: string, say: Say): Promise<void> {
  const started = performance.now();
  say(`building ${name} from its Go modules`);
  // Beside its place and then moved in: a build that is killed leaves nothing that could be taken for the programs.
  const draft = `${folder}.draft-${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  try {
    const ldflags = ["-s", "-w", ...(build.flags ?? [])].join(" ");
    const flags = ["-buildvcs=false", "-mod=readonly", "-trimpath", `-ldflags=${ldflags}`, "-o", `${draft}/`];
    const env = environment.forChild({ CGO_ENABLED: "0", GOWORK: "off", GOOS: undefined, GOARCH: undefined });
    const options = { cwd: folderOf(build), env, seconds: 45 * 60 };
    const { code, stderr } = await run(["nice", "-n", "10", "go", "build", ...flags, ...build.packages], options);
    if (code !== 0) throw new Error(`go build of ${name} failed: ${tail(stderr, 12)}`);
    if (!existsSync(folder)) await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  say(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
