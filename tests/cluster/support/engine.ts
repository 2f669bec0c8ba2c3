/** The real engine on the stack under test: a file backend of its own, the test's providers, and what a run came to. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { hostname } from "node:os";
import { PassThrough } from "node:stream";
import { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { environment } from "../../../engine/environment.ts";
import { findEngine } from "../../../engine/find.ts";
import { missingPlugins } from "../../../engine/plugins.ts";
import { policyPackFlags } from "../../../engine/policy-pack.ts";
import { emptyStack, ownHome } from "../../../engine/workspace.ts";
import { adopt } from "../../../operate/adopt.ts";
import { recover } from "../../../operate/recover.ts";
import { readEvents, type Step } from "../../../review/events.ts";
import { shortUrn } from "../../golden/registrations.ts";
import { makeStackFile, writeStackFile, type Values } from "./stack.ts";

const root = resolve(import.meta.dirname, "../../..");

export interface Outcome {
  /** Exit code; 128 and the signal's number where one ended it. */
  readonly code: number;
  /** All that it said. */
  readonly text: string;
  /** What was done to which resource, `op type::name`, but for what stayed as it was. */
  readonly changes: readonly string[];
  readonly seconds: number;
}

export interface Run {
  readonly ended: Promise<Outcome>;
  /** All that it has said until now. */
  said(): string;
  signal(name: "SIGINT" | "SIGKILL"): void;
}

const quiet = new Set(["same", "read", "refresh", "read-discard", "discard"]);

const changesOf = (steps: readonly Step[]): string[] =>
  steps
    .filter(({ op, type }) => !quiet.has(op) && !type.startsWith("pulumi:providers:"))
    .map(({ op, urn }) => `${op} ${shortUrn(urn)}`)
    .sort();

interface Providers {
  /** Value of PULUMI_DEBUG_PROVIDERS; undefined where the official plugins are there. */
  readonly attach: string | undefined;
  stop(): void;
}

/** Providers that really apply, where the official plugins are not on this machine. */
export async function attachedProviders(kubeconfig: string): Promise<Providers> {
  if (missingPlugins().length === 0) {
    return { attach: undefined, stop: () => {} };
  }
  const argv = ["--import", "./engine/loader.mjs", "tests/providers/serve.ts", "--kubeconfig", kubeconfig];
  // The official plugins are the engine's children, and have its environment: commands of the program find the cluster by it.
  const env = environment.forChild({ KUBECONFIG: kubeconfig });
  const child = spawn(process.execPath, argv, { cwd: root, env, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    return { attach: line.trim(), stop: () => void child.kill("SIGKILL") };
  }
  throw new Error("the test's providers ended before they said where they listen");
}

/** One stack, from its first `up` to its `destroy`. */
export class Stack {
  readonly values: Values;
  readonly name: string;
  readonly #kubeconfig: string;
  readonly #folder: string;
  readonly #file: string;
  readonly #home: string;
  #runs = 0;

  constructor(name: string, values: Values, kubeconfig: string) {
    this.name = name;
    this.values = values;
    this.#kubeconfig = kubeconfig;
    const { folder, file } = makeStackFile(name);
    this.#folder = folder;
    this.#file = file;
    this.#home = ownHome(folder, environment.pulumiHome());
    emptyStack(folder, "frappe", name);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Changes the stack file; `undo` puts it back. */
  change(make: (values: Values) => void): () => void {
    const before = structuredClone(this.values);
    make(this.values);
    return () => {
      for (const key of Object.keys(this.values)) {
        delete this.values[key];
      }
      Object.assign(this.values, before);
    };
  }

  up(...args: string[]): Promise<Outcome> {
    return this.start("up", "--yes", "--skip-preview", ...args).then(({ ended }) => ended);
  }

  refresh(...args: string[]): Promise<Outcome> {
    return this.start("refresh", "--yes", "--skip-preview", ...args).then(({ ended }) => ended);
  }

  destroy(...args: string[]): Promise<Outcome> {
    return this.start("destroy", "--yes", "--skip-preview", ...args).then(({ ended }) => ended);
  }

  /** An output of the stack, secret or not. */
  async output(name: string): Promise<string> {
    const { code, text } = await (await this.start("stack", "output", name, "--show-secrets")).ended;
    if (code !== 0) {
      throw new Error(`pulumi stack output ${name}: exit ${code}\n${text}`);
    }
    return text.trim();
  }

  /** `npm run adopt`: brings the keys of what was left into the stack file. */
  adopt(): Promise<string> {
    return this.#operate("adopt", (setting) => adopt([this.name], setting));
  }

  /** `npm run recover`: after an `up` that was killed. */
  recover(): Promise<string> {
    return this.#operate("recover", (setting) => recover([this.#file], { ...setting, host: hostname() }));
  }

  /** Runs a command of operate/ on this stack, in a folder with the project's file and this stack's. What it says. */
  async #operate(name: string, run: (setting: Parameters<typeof adopt>[1]) => Promise<number>): Promise<string> {
    this.#write();
    const engine = await findEngine(() => {});
    // The engine wants `main` to be there also where it does not run it.
    for (const file of ["Pulumi.yaml", "program.mjs"]) {
      copyFileSync(join(root, file), join(this.#folder, file));
    }
    const providers = await attachedProviders(this.#kubeconfig);
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(this.#kubeconfig);
    const output = new PassThrough();
    let said = "";
    output.setEncoding("utf8").on("data", (text: string) => (said += text));
    try {
      const environment = this.#own(engine.bin, providers.attach);
      const code = await run({ pulumi: { engine, root: this.#folder, environment }, kubeconfig, output });
      if (code !== 0) {
        throw new Error(`npm run ${name}: exit ${code}\n${said}`);
      }
      return said;
    } finally {
      providers.stop();
    }
  }

  /** State of the stack as the backend holds it. */
  state(): { resources: readonly { urn: string; id?: string; protect?: boolean }[] } {
    const file = join(this.#folder, "state/.pulumi/stacks/frappe", `${this.name}.json`);
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
      checkpoint: { latest: { resources?: { urn: string; id?: string; protect?: boolean }[] } | null };
    };
    return { resources: checkpoint.latest?.resources ?? [] };
  }

  async start(verb: string, ...args: string[]): Promise<Run> {
    this.#write();
    const engine = await findEngine(() => {});
    const log = join(this.#folder, `events-${(this.#runs += 1)}.json`);
    const acts = ["up", "refresh", "destroy", "preview"].includes(verb);
    // Like plugins they come with the engine, and go with it.
    const providers = acts ? await attachedProviders(this.#kubeconfig) : undefined;
    const flags = ["--stack", this.name, ...(acts ? ["--config-file", this.#file, "--event-log", log] : [])];
    const judged = verb === "up" || verb === "preview" ? policyPackFlags(root, this.#file) : [];
    const started = performance.now();
    const child = spawn(engine.pulumi, [verb, ...args, ...flags, ...judged, "--non-interactive", "--color", "never"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment.forChild(this.#own(engine.bin, providers?.attach)),
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
    const ended = new Promise<Outcome>((done, fail) => {
      child.once("error", fail);
      child.once("close", (code, signal) => {
        providers?.stop();
        const seconds = (performance.now() - started) / 1000;
        const changes = acts ? changesOf(readEvents(log).steps) : [];
        done({ code: code ?? (signal === "SIGKILL" ? 137 : 130), text, changes, seconds });
      });
    });
    return {
      ended,
      said: () => text,
      signal: (name) => {
        if (name === "SIGKILL") {
          providers?.stop();
        }
        child.kill(name);
      },
    };
  }

  #write(): void {
    const kept = existsSync(this.#file) ? (parse(readFileSync(this.#file, "utf8")) as Record<string, unknown>) : {};
    writeStackFile(this.#file, this.values, kept);
  }

  /** What makes an engine this stack's, in a child's environment. */
  #own(bin: string, attach: string | undefined): Record<string, string> {
    return {
      PATH: `${bin}${delimiter}${environment.path()}`,
      PULUMI_HOME: this.#home,
      PULUMI_BACKEND_URL: `file://${join(this.#folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "of a stack that is thrown away",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_COMMANDS: "true",
      PULUMI_ERROR_OUTPUT_STRING: "true",
      KUBECONFIG: this.#kubeconfig,
      ...(attach !== undefined && { PULUMI_DEBUG_PROVIDERS: attach }),
    };
  }
}
