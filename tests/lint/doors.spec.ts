import { rule } from "./eslint.ts";

describe("lint: doors", () => {
  it("lets engine/environment.ts alone read the environment", async () => {
    const environment = rule("no-restricted-properties");
    const readings = [
      `export const home = process.env.HOME;`,
      `export const home = process.env["HOME"];`,
      `export const home = process["env"].HOME;`,
      `export const { env } = process;`,
    ];
    for (const file of [
      "config/load.ts",
      "components/x.ts",
      "engine/find.ts",
      "review/x.ts",
      "tests/x.spec.ts",
      "index.ts",
    ]) {
      await environment.refuses(file, ...readings);
    }
    await environment.accepts("engine/environment.ts", ...readings);
    await environment.accepts("engine/find.ts", `export const platform = process.platform;`);
  });

  it("knows the environment by its other name", async () => {
    const imports = rule("no-restricted-imports");
    await imports.refuses("engine/find.ts", `import { env } from "node:process";`, `import { env } from "process";`);
    await imports.accepts("engine/find.ts", `import { platform } from "node:process";`);
  });

  it("lets config/load.ts alone read pulumi.Config", async () => {
    const config = rule("frappe/config-door");
    const readings = [
      `import * as pulumi from "@pulumi/pulumi"; export const config = new pulumi.Config("frappe");`,
      `import pulumi from "@pulumi/pulumi"; export const config = new pulumi["Config"]();`,
      `import { Config } from "@pulumi/pulumi"; export const config = new Config();`,
      `import { Config as Settings } from "@pulumi/pulumi/config.js"; export const config = new Settings();`,
      `import * as pulumi from "@pulumi/pulumi"; export const all = pulumi.runtime.allConfig();`,
      `import * as raw from "@pulumi/pulumi/runtime/config.js"; export const all = raw;`,
    ];
    for (const file of ["index.ts", "components/x.ts", "config/parse.ts"]) await config.refuses(file, ...readings);
    await config.accepts("config/load.ts", ...readings);
    await config.accepts(
      "components/x.ts",
      `import * as pulumi from "@pulumi/pulumi"; export const stack = pulumi.getStack();`,
      `import type { Config } from "@pulumi/pulumi"; export const of = (config: Config) => config.name;`,
      `const own = { Config: 1 }; export const x = own.Config;`,
    );
  });

  it("lets only command lines write to the console", async () => {
    const console = rule("no-console");
    const code = `console.log("hello");`;
    for (const file of ["config/x.ts", "topology/x.ts", "components/x.ts", "index.ts", "tests/x.spec.ts"]) {
      await console.refuses(file, code);
    }
    for (const file of ["engine/x.ts", "review/x.ts", "images/x.ts", "bench/x.ts"]) await console.accepts(file, code);
  });
});
