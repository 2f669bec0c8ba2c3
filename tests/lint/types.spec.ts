import { typedRule } from "./eslint.ts";

/** Any file that exists will do; its content is replaced in memory. */
const file = "tests/lint/types.spec.ts";
const sdk = `import * as pulumi from "@pulumi/pulumi";\n`;

describe("lint: rules that know types", function () {
  this.timeout(120_000); // the first call loads the whole program

  it("refuses an Output inside a template", async () => {
    const template = typedRule("@typescript-eslint/restrict-template-expressions");
    await template.refuses(file, `${sdk}export const url = (host: pulumi.Output<string>) => \`https://\${host}\`;`);
    await template.accepts(
      file,
      `${sdk}export const url = (host: pulumi.Output<string>) => pulumi.interpolate\`https://\${host}\`;`,
    );
    await template.accepts(file, `export const url = (host: string, port: number) => \`https://\${host}:\${port}\`;`);
  });

  it("refuses an Output joined to a string", async () => {
    const plus = typedRule("@typescript-eslint/restrict-plus-operands");
    await plus.refuses(file, `${sdk}export const url = (host: pulumi.Output<string>) => "https://" + host;`);
    await plus.accepts(file, `export const url = (host: string) => "https://" + host;`);
  });

  it("refuses a promise that nothing waits for", async () => {
    const floating = typedRule("@typescript-eslint/no-floating-promises");
    await floating.refuses(file, `const work = async () => 1;\nwork();`);
    await floating.accepts(file, `const work = async () => 1;\nawait work();`);
  });

  it("refuses a promise where a plain value is asked", async () => {
    const misused = typedRule("@typescript-eslint/no-misused-promises");
    await misused.refuses(file, `const ready = async () => true;\nexport const x = ready() ? 1 : 2;`);
    await misused.refuses(file, `const work = async () => 1;\n[1].forEach(work);`);
    await misused.accepts(file, `const ready = async () => true;\nexport const x = (await ready()) ? 1 : 2;`);
  });

  it("refuses to await an Output, which is no promise", async () => {
    const thenable = typedRule("@typescript-eslint/await-thenable");
    await thenable.refuses(file, `${sdk}export const read = async (host: pulumi.Output<string>) => { await host; };`);
    await thenable.accepts(file, `export const read = async (host: Promise<string>) => { await host; };`);
  });

  it("refuses a switch that forgets a member of a union", async () => {
    const exhaustive = typedRule("@typescript-eslint/switch-exhaustiveness-check");
    const head = `type Engine = "mariadb" | "postgres";\nexport function port(engine: Engine): number | undefined {\n  switch (engine) {\n    case "mariadb": return 3306;`;
    await exhaustive.refuses(file, `${head}\n  }\n  return undefined;\n}`);
    await exhaustive.accepts(file, `${head}\n    case "postgres": return 5432;\n  }\n}`);
  });

  it("refuses any, loose equality, and a body on another line without braces", async () => {
    await typedRule("@typescript-eslint/no-explicit-any").refuses(file, `export const of = (x: any) => String(x);`);
    await typedRule("eqeqeq").refuses(file, `export const of = (x: number) => x == 1;`);
    await typedRule("curly").refuses(file, `export function of(x: number) {\n  if (x)\n    return 1;\n  return 2;\n}`);
    await typedRule("curly").accepts(file, `export function of(x: number) {\n  if (x) return 1;\n  return 2;\n}`);
  });
});
