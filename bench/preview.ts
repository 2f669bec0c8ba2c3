/**
 * `npm run bench`: what a preview costs. prod against an empty program on the same engine, and prod with 10, 100 and 1,000 sites
 * under one wildcard. Prints medians and ratios of one run; absolute times mean little on a shared machine.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import { environment } from "../engine/environment.ts";
import { findEngine } from "../engine/find.ts";
import { placeholder } from "../engine/placeholder.ts";
import { root } from "../engine/root.ts";
import { emptyStack } from "../engine/workspace.ts";
import { measure, type Command, type Figures } from "./measure.ts";

const rounds = 5;
const say = (line: string) => process.stdout.write(`${line}\n`);
const scratch = mkdtempSync(join(tmpdir(), "frappe-bench-"));

/** A program without a resource, for what the engine and the SDK cost by themselves. */
async function emptyProgram(): Promise<Command> {
  const engine = await findEngine(say);
  const folder = join(scratch, "empty");
  mkdirSync(folder);
  emptyStack(scratch, "empty", "dev");
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: empty\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
  );
  writeFileSync(join(folder, "Pulumi.dev.yaml"), `encryptionsalt: ${placeholder.salt}\n`);
  writeFileSync(join(folder, "package.json"), '{ "name": "empty", "main": "index.js" }\n');
  writeFileSync(join(folder, "index.js"), "exports.ok = true;\n");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return {
    name: "empty program",
    argv: [engine.pulumi, "preview", "--stack", "dev", "--diff", "--non-interactive"],
    cwd: folder,
    env: environment.forChild({
      PATH: `${engine.bin}${delimiter}${environment.path()}`,
      PULUMI_BACKEND_URL: `file://${join(scratch, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: placeholder.passphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
    }),
  };
}

const previewOf = (name: string, stackFile: string): Command => ({
  name,
  argv: ["npm", "run", "--silent", "preview", "--", stackFile, "--offline"],
  cwd: root,
  env: environment.forChild({}),
});

/** prod with `count` sites below one wildcard. */
function withSites(count: number): Command {
  const file = parse(readFileSync(join(root, "Pulumi.prod.yaml"), "utf8")) as { config: Record<string, unknown> };
  const names = Array.from({ length: count }, (_, i) => `s${String(i + 1).padStart(4, "0")}.erp.example.com`);
  file.config["frappe:sites"] = names.map((name) => ({ name, apps: ["frappe", "erpnext"] }));
  // A service's routes hold for whichever sites there are.
  const services = file.config["frappe:services"] as Record<string, { routes: { hosts?: unknown }[] }>;
  Object.values(services).forEach(({ routes }) => routes.forEach((route) => delete route.hosts));
  const edge = file.config["frappe:edge"] as { tls: object };
  file.config["frappe:edge"] = { ...edge, tls: { ...edge.tls, wildcards: ["*.erp.example.com"] } };
  const path = join(scratch, `Pulumi.sites${count}.yaml`);
  writeFileSync(path, stringify(file));
  return previewOf(`${count} sites`, path);
}

function table(figures: ReadonlyMap<string, Figures>, base: string): void {
  const reference = figures.get(base);
  for (const [name, { cpu, wall, memory }] of figures) {
    const ratio = reference ? (cpu / reference.cpu).toFixed(2) : "-";
    say(
      `${name.padEnd(16)} cpu ${cpu.toFixed(2)} s  (${ratio}× ${base})  wall ${wall.toFixed(2)} s  peak ${memory.toFixed(0)} MiB`,
    );
  }
}

try {
  table(measure([await emptyProgram(), previewOf("preview of prod", "prod")], rounds), "empty program");
  table(measure([withSites(10), withSites(100), withSites(1000)], rounds), "10 sites");
} finally {
  rmSync(scratch, { recursive: true });
}
