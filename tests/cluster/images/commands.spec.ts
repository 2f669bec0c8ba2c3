// Every command of the plans finds its program in the image that it runs in. The images' parts are dealt as the official ones have
// them, so that a command of the wrong image fails here.
import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContainerPlan } from "../../../topology/types.ts";
import { planOf } from "../../support/record-stack.ts";
import { startContainer } from "./support/container.ts";
import { find, findProgram, openSources, type Sources } from "./support/sources.ts";
import { benchRepository, standInLabel } from "./platform.ts";

const stacks = ["staging", "postgres-embedded"] as const;

interface Planned {
  readonly stack: string;
  readonly user: number;
  readonly container: ContainerPlan;
}

const isContainer = (value: object): value is ContainerPlan =>
  "image" in value && "command" in value && "probes" in value;

/** Every container of a plan, wherever in it, with the user of the pod around it. */
function containersOf(stack: string, value: unknown, user = -1): Planned[] {
  if (value === null || typeof value !== "object" || value instanceof Map || value instanceof Set) return [];
  const own = "user" in value && typeof value.user === "number" ? value.user : user;
  if (isContainer(value)) return [{ stack, user: own, container: value }];
  return Object.values(value).flatMap((inner) => containersOf(stack, inner, own));
}

function beginning(file: string): string {
  const open = openSync(file, "r");
  const bytes = Buffer.alloc(200);
  try {
    readSync(open, bytes);
  } finally {
    closeSync(open);
  }
  return bytes.toString("latin1");
}

const planned = stacks.flatMap((stack) => containersOf(stack, planOf(stack)));
const benchOf = Object.fromEntries(stacks.map((stack) => [stack, planOf(stack).release.image]));

/** First words of everything that is started in a container: its command, and its probes'. */
function wordsOf({ command, probes }: ContainerPlan): string[] {
  const checks = Object.values(probes).flatMap((probe) => ("exec" in probe.check ? [probe.check.exec] : []));
  return [command, ...checks].flatMap(([word]) => (word === undefined ? [] : [word]));
}

describe("The images' programs", function () {
  this.timeout(15 * 60_000);
  let sources: Sources;
  before(async () => (sources = await openSources()));
  after(() => sources.dispose());

  /** The bench's containers run the fixture, under whatever name the stack file has for its image. */
  const imagesOf = ({ stack, container }: Planned) =>
    container.image === benchOf[stack]
      ? ["one", "two"].map((tag) => sources.imageOf(`${benchRepository}:${tag}`))
      : [sources.imageOf(container.image)];

  it("are there for every command and every probe of the plans, and may be executed", () => {
    const missing = planned.flatMap((entry) =>
      imagesOf(entry).flatMap((image) =>
        wordsOf(entry.container)
          .filter((word) => findProgram(image, word) === undefined)
          .map((word) => `${entry.stack}: ${entry.container.name} runs ${word}, which ${image.names[0]} has not`),
      ),
    );
    assert.deepEqual(missing, []);
    assert.ok(planned.length > 40, `only ${planned.length} containers were found in the plans`);
  });

  it("have the interpreters that their first line names", () => {
    for (const entry of planned) {
      for (const image of imagesOf(entry)) {
        const words = [...wordsOf(entry.container), ...(image.config.Entrypoint ?? [])];
        for (const word of words) {
          const program = findProgram(image, word);
          const [, interpreter] = /^#! *(\S+)/.exec(beginning(program!.file)) ?? [];
          if (interpreter !== undefined) assert.ok(findProgram(image, interpreter), `${word} wants ${interpreter}`);
        }
      }
    }
  });

  it("are the image's own where the plan gives no command", () => {
    const without = planned.filter(({ container }) => container.command.length === 0);
    assert.ok(without.length > 0);
    for (const entry of without) {
      for (const image of imagesOf(entry)) {
        const [word = ""] = [...(image.config.Entrypoint ?? []), ...(image.config.Cmd ?? [])];
        assert.ok(findProgram(image, word), `${image.names[0]} starts ${word}`);
      }
    }
  });

  it("of the bench are files where its image has them", () => {
    for (const tag of ["one", "two"]) {
      const { layers = [] } = sources.imageOf(`${benchRepository}:${tag}`);
      const commands = planned.filter(({ stack, container }) => container.image === benchOf[stack]);
      const scripts = commands.flatMap(({ container }) =>
        container.command.filter((word) => /^[/]home[/].*[.]js$/.test(word)),
      );
      assert.ok(scripts.length > 0);
      for (const script of scripts) assert.ok(find(layers, script), script);
    }
  });

  it("are not in images whose official one has none of them", () => {
    const has = (reference: string, word: string) => findProgram(sources.imageOf(reference), word) !== undefined;
    const image = (name: string) => planned.find(({ container }) => container.name === name)!.container.image;
    assert.deepEqual(
      [
        has(image("redis-queue"), "mariadb"),
        has(image("mariadb"), "psql"),
        has(image("postgres"), "valkey-cli"),
        has(image("prometheus"), "restic"),
        has(image("nginx-exporter"), "/bin/sh"),
        has(image("redis-queue-exporter"), "/bin/sh"),
        has(`${benchRepository}:one`, "mariadbd"),
        has(`${benchRepository}:one`, "postgres"),
        has(`${benchRepository}:one`, "restic"),
      ],
      Array.from({ length: 9 }, () => false),
    );
  });

  it("start in every image, with the libraries that are there, as the user that the plan says", async () => {
    const asked: Record<string, readonly string[]> = {
      mariadb: ["mariadbd", "--version"],
      postgres: ["postgres", "--version"],
      "redis-queue": ["valkey-server", "--version"],
      prometheus: ["/bin/prometheus", "--version"],
      alertmanager: ["/bin/alertmanager", "--version"],
      "copy-restic": ["/usr/bin/restic", "version"],
      web: ["/home/frappe/frappe-bench/env/bin/gunicorn", "--version"],
      socketio: ["node", "--version"],
      nginx: ["nginx", "-v"],
      "node-exporter": ["/bin/node_exporter", "--version"],
      "blackbox-exporter": ["/bin/blackbox_exporter", "--version"],
      "redis-queue-exporter": ["/redis_exporter", "--version"],
      "nginx-exporter": ["/usr/bin/nginx-prometheus-exporter", "--version"],
    };
    for (const [name, command] of Object.entries(asked)) {
      const entry = planned.find(({ container }) => container.name === name);
      assert.ok(entry, name);
      const [image] = imagesOf(entry);
      const container = startContainer(image!, { command, user: entry.user, writable: ["/tmp"] });
      assert.equal(await container.ended, 0, `${name}: ${container.output()}`);
    }
  });

  it("copy what the plans copy out of images, so that it runs in the bench", async () => {
    const copying = planned.filter(({ container }) => container.name.startsWith("copy-"));
    assert.deepEqual([...new Set(copying.map(({ container }) => container.name))].sort(), [
      "copy-postgres",
      "copy-restic",
    ]);
    for (const { user, container: plan } of new Map(copying.map((entry) => [entry.container.name, entry])).values()) {
      const copied = {
        "copy-restic": "/tools/restic version",
        "copy-postgres": "LD_LIBRARY_PATH=/tools/lib /tools/pg_dump --version",
      };
      const image = sources.imageOf(plan.image);
      const bench = sources.imageOf(`${benchRepository}:one`);
      const [shell = "", flags = "", script = ""] = plan.command;
      // One root with the other's files would prove nothing: what was copied goes through a folder of this machine.
      const folder = mkdtempSync(path.join(tmpdir(), "tools-"));
      try {
        chmodSync(folder, 0o777);
        const mounts = { "/tools": folder };
        const copy = startContainer(image, { command: [shell, flags, script], user, mounts });
        assert.equal(await copy.ended, 0, copy.output());
        const command = ["/bin/sh", "-euc", copied[plan.name as keyof typeof copied]];
        const run = startContainer(bench, { command, user, mounts });
        assert.equal(await run.ended, 0, run.output());
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  });

  it("are in images that say what they are where they bear somebody else's name", () => {
    for (const { names, config } of sources.all) {
      const own = names.every((name) => name === "localhost/frappe-debian:12");
      assert.equal(config.Labels?.[standInLabel] === undefined, own, names.join());
    }
  });
});
