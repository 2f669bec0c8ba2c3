import { rule } from "./eslint.ts";

const direction = rule("frappe/direction");
const from = (...specifiers: string[]) => specifiers.map((specifier) => `import * as it from "${specifier}";`);
const typesFrom = (...specifiers: string[]) => specifiers.map((specifier) => `import type { It } from "${specifier}";`);

describe("lint: direction of imports", () => {
  it("lets constants import nothing but each other", async () => {
    await direction.refuses("constants/x.ts", ...from("../config/x.ts", "zod", "node:path", "@pulumi/pulumi"));
    await direction.accepts("constants/x.ts", ...from("./labels.ts"));
  });

  it("lets gates import nothing but each other", async () => {
    await direction.refuses("gates/x.ts", ...from("../constants/x.ts", "../release/x.ts", "zod", "node:util"));
    await direction.accepts("gates/x.ts", ...from("./declared.ts"));
  });

  it("lets config import constants and its parsers only", async () => {
    await direction.refuses("config/x.ts", ...from("../topology/x.ts", "../components/x.ts", "@pulumi/pulumi"));
    await direction.refuses("config/x.ts", ...from("node:fs", "node:child_process", "@kubernetes/client-node"));
    await direction.refuses("config/schema/x.ts", ...from("../../topology/x.ts"));
    await direction.accepts(
      "config/schema/x.ts",
      ...from("zod", "yaml", "croner", "node:net", "../../constants/limits.ts"),
    );
  });

  it("lets config/load.ts alone read the SDK", async () => {
    await direction.accepts("config/load.ts", ...from("@pulumi/pulumi", "zod", "./parse.ts"));
    await direction.refuses("config/load.ts", ...from("@pulumi/kubernetes", "../topology/plan.ts"));
  });

  it("keeps topology pure: constants, and what config understands values by, never the reading", async () => {
    await direction.accepts("topology/x.ts", ...from("../constants/x.ts", "../config/units.ts", "node:crypto"));
    await direction.refuses(
      "topology/x.ts",
      ...from("../config/load.ts", "../config/parse.ts", "../components/stack.ts"),
    );
    await direction.refuses("topology/x.ts", ...from("zod", "node:fs", "@pulumi/pulumi", "@pulumi/kubernetes"));
    await direction.accepts("topology/x.ts", ...typesFrom("../config/types.ts"));
    await direction.refuses("topology/x.ts", ...typesFrom("@pulumi/pulumi"));
  });

  it("lets components render plans, and never read config/load.ts", async () => {
    await direction.accepts("components/bench/x.ts", ...from("../../topology/plan.ts", "../../constants/labels.ts"));
    await direction.accepts("components/bench/x.ts", ...from("@pulumi/pulumi", "@pulumi/kubernetes/core/v1"));
    await direction.refuses("components/bench/x.ts", ...from("../../config/load.ts", "../../config/types.ts"));
    await direction.refuses("components/bench/x.ts", ...typesFrom("../../config/load.ts"));
    await direction.refuses("components/bench/x.ts", ...from("../../policies/x.ts", "../../engine/x.ts", "zod"));
  });

  it("lets policies share constants only", async () => {
    await direction.accepts(
      "policies/x.ts",
      ...from("../constants/labels.ts", "@pulumi/policy", "@pulumi/kubernetes/core/v1"),
    );
    await direction.refuses(
      "policies/x.ts",
      ...from("../components/stack.ts", "../topology/plan.ts", "../config/types.ts"),
    );
    await direction.refuses("policies/x.ts", ...typesFrom("../topology/plan.ts"));
  });

  it("keeps the release runner free of Pulumi, of the program that starts it, and of npm packages", async () => {
    await direction.accepts(
      "release/x.ts",
      ...from("../constants/labels.ts", "../backup/log.ts", "./drive/run.ts", "node:fs", "node:child_process"),
    );
    const installed = ["@pulumi/pulumi", "@pulumi/command", "mysql2", "zod", "esbuild", "@kubernetes/client-node"];
    await direction.refuses("release/x.ts", ...from(...installed));
    const rooms = ["components/x.ts", "topology/image.ts", "config/ledger.ts", "engine/run.ts", "operate/step.ts"];
    await direction.refuses("release/x.ts", ...from(...rooms.map((file) => `../${file}`)));
    await direction.refuses("release/x.ts", ...typesFrom("../topology/plan.ts", "../config/types.ts"));
  });

  it("lets the bundler of the release runner alone use esbuild and the engine", async () => {
    await direction.accepts("release/bundle.ts", ...from("esbuild", "../engine/bundle-program.ts"));
    await direction.refuses("release/bundle.ts", ...from("@pulumi/pulumi", "../topology/image.ts"));
  });

  it("lets the tools know the program by types and constants", async () => {
    for (const tool of ["engine", "review"]) {
      await direction.refuses(
        `${tool}/x.ts`,
        ...from("../components/stack.ts", "../topology/plan.ts", "../config/load.ts"),
      );
      await direction.accepts(`${tool}/x.ts`, ...typesFrom("../components/stack.ts", "../topology/plan.ts"));
      await direction.accepts(`${tool}/x.ts`, ...from("../constants/labels.ts", "../engine/x.ts", "@grpc/grpc-js"));
    }
  });

  it("keeps tests out of the product", async () => {
    for (const folder of ["constants", "config", "topology", "components", "engine", "review", "images"]) {
      await direction.refuses(`${folder}/x.ts`, ...from("../tests/support/x.ts"));
    }
    await direction.accepts(
      "tests/topology/x.spec.ts",
      ...from("../../topology/plan.ts", "../../components/stack.ts", "zod"),
    );
  });

  it("sees every way to import", async () => {
    await direction.refuses(
      "topology/x.ts",
      `import "../components/stack.ts";`,
      `export * from "../components/stack.ts";`,
      `export { Stack } from "../components/stack.ts";`,
      `export const later = import("../components/stack.ts");`,
      `export type Stack = import("../components/stack.ts").Stack;`,
    );
  });

  it("asks for the direction of a folder it does not know", async () => {
    await direction.refuses("newroom/x.ts", "export const x = 1;");
    await direction.accepts("index.ts", ...from("./config/load.ts", "./topology/plan.ts", "./components/stack.ts"));
  });

  it("wants relative imports to name the file as Node finds it", async () => {
    const endings = rule("no-restricted-imports");
    await endings.refuses("topology/x.ts", ...from("./names", "./names.js", "../constants"));
    await endings.accepts("topology/x.ts", ...from("./names.ts"));
  });
});
