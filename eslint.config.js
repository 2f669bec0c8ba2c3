import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import frappe from "./lint/plugin.js";

/** Files that may do what no other may: see CONTRIBUTING.md, "Doors". */
const environmentDoor = ["engine/environment.ts", "backup/environment.ts", "release/environment.ts"];
const configDoor = ["config/load.ts"];
const commandLine = ["engine/**", "review/**", "images/**", "bench/**"];
/** What runs whenever a program is read, a preview too. */
const localRun = "command.local.run runs on every preview: what acts is a Command, which only an `up` runs.";
const plans = ["constants", "gates", "config", "topology", "components", "policies"].map((room) => `${room}/**/*.ts`);
/** A rule about a date has to know today's: a policy judges a plan, and is no part of it. */
const clockDoor = ["policies/shared/clock.ts"];

const nodeGlobals = { process: "readonly", console: "readonly", URL: "readonly", Buffer: "readonly" };

export default defineConfig(
  globalIgnores(["node_modules/", "coverage/", ".cache/", "**/dist/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: { globals: nodeGlobals },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: { ...nodeGlobals, require: "readonly", module: "writable" } },
  },
  {
    name: "every file",
    files: ["**/*.{ts,js,mjs,cjs}"],
    rules: {
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "Only the environment.ts of engine, backup and release read the environment.",
        },
      ],
    },
  },
  {
    name: "TypeScript, with types",
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { frappe },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      // An Output in a template is its help text inside a manifest.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // The interface demands a promise; the body may have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-restricted-imports": [
        "error",
        {
          paths: ["process", "node:process"].map((name) => ({
            name,
            importNames: ["env"],
            message: "Only the environment.ts of engine, backup and release read the environment.",
          })),
          patterns: [
            {
              regex: String.raw`^\.{1,2}/.*(?<!\.(?:ts|mjs|cjs|json))$`,
              message: "Relative imports name the file with its ending (.ts): Node loads the source as it stands.",
            },
            { regex: "^@pulumi/command/local", importNamePattern: "^run", message: localRun },
          ],
        },
      ],
      "no-restricted-syntax": [
        "error",
        ...["[object.property.name='local']", "[object.name='local']"].map((of) => ({
          selector: `MemberExpression[property.name=/^run(Output)?$/]${of}`,
          message: localRun,
        })),
      ],
      "frappe/direction": "error",
      "frappe/config-door": "error",
    },
  },
  { name: "plans are deterministic", files: plans, rules: { "frappe/no-clock": "error" } },
  { name: "the door to the clock", files: clockDoor, rules: { "frappe/no-clock": "off" } },
  { name: "command lines speak", files: commandLine, rules: { "no-console": "off" } },
  {
    name: "the door to the environment",
    files: environmentDoor,
    rules: { "no-restricted-properties": "off" },
  },
  { name: "the door to the configuration", files: configDoor, rules: { "frappe/config-door": "off" } },
  {
    name: "tests",
    files: ["tests/**/*.ts"],
    rules: {
      "frappe/no-assert-in-apply": "error",
      "frappe/no-lone-apply": "error",
      "frappe/no-focus-or-skip": "error",
      // Hostile and recorded values have no type; looking into them is what these tests are for.
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      // Tests build a Config of their own to read what the engine was given.
      "frappe/config-door": "off",
    },
  },
  { name: "tools are asked for here", files: ["tests/support/**"], rules: { "frappe/no-focus-or-skip": "off" } },
);
