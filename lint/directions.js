/**
 * Who may import whom: the one-way flow of the project, as data. The rule `frappe/direction` reads it, and nothing else does.
 *
 *   constants ← config ← topology ← components ← index.ts
 *
 * A folder may always import itself. For each folder:
 * - `folders`: folders it may import;
 * - `types`: folders it may import only by `import type` (nothing of them is loaded);
 * - `never`: files refused even so;
 * - `packages`: names or prefixes (ending in `/`) of npm packages, or ANY; `refused` ones are refused even so;
 * - `node`: PURE builtins (same answer on every machine), ANY, or none when left out.
 * `except` gives single files what the rest of their folder may not have.
 */
export const ANY = "any";
export const PURE = ["node:assert", "node:buffer", "node:crypto", "node:net", "node:path", "node:url", "node:util"];

/** Tools around the program: they may describe its plans and resources, never build them. */
const tools = {
  folders: ["constants", "engine", "review"],
  types: ["config", "topology", "components"],
  packages: ANY,
  node: ANY,
};

export const directions = {
  constants: {},
  config: {
    folders: ["constants"],
    packages: ["zod", "yaml", "croner", "fastest-levenshtein"],
    node: PURE,
    except: {
      "config/load.ts": { packages: ["@pulumi/pulumi"] },
      "config/schema-cli.ts": { node: ANY }, // a command: it writes the JSON Schema
    },
  },
  // A planner may use what the parser uses to understand a value (units, hosts), never the reading itself.
  topology: {
    folders: ["constants", "config"],
    types: ["backup", "release", "requests"],
    packages: ["@grafana/grafana-foundation-sdk"],
    never: ["config/load.ts", "config/parse.ts"],
    node: PURE,
  },
  components: {
    folders: ["constants", "topology"],
    types: ["config"],
    never: ["config/load.ts"],
    packages: ["@pulumi/"],
    node: PURE,
  },
  policies: { folders: ["constants"], packages: ["@pulumi/"], node: PURE },
  // A program of its own, which runs in the bench image with nothing installed beside it.
  backup: {
    folders: ["constants"],
    node: ANY,
    except: { "backup/bundle.ts": { folders: ["engine"], packages: ["esbuild"] } },
  },
  "index.ts": {
    folders: ["backup", "release", "requests", "config", "topology", "components"],
    packages: ["@pulumi/pulumi"],
  },
  // Likewise; it dumps, restores and asks databases as backups do.
  release: {
    folders: ["constants", "backup"],
    node: ANY,
    except: { "release/bundle.ts": { folders: ["engine"], packages: ["esbuild"] } },
  },
  // Likewise; it answers as the exporter of backups does.
  requests: {
    folders: ["constants", "backup"],
    node: ANY,
    except: { "requests/bundle.ts": { folders: ["engine"], packages: ["esbuild"] } },
  },
  // Commands that talk to a platform that runs.
  operate: { folders: ["constants", "config", "engine", "topology"], packages: ANY, node: ANY },
  engine: tools,
  review: tools,
  images: { ...tools, folders: [...tools.folders, "config"] },
  bench: { folders: ANY, packages: ANY, node: ANY },
  tests: { folders: ANY, packages: ANY, node: ANY },
};
