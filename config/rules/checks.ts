/** Checks of a release against the sites that they look at. */
import { checkVariables } from "../../constants/checks.ts";
import { didYouMean, keyPath, type Problem } from "../problems.ts";
import type { CheckConfig, StackConfig } from "../stack.ts";
import { secretsIn } from "./plain.ts";
import type { Rule } from "./rule.ts";

type ImageCheck = Extract<CheckConfig, { kind: "image" }>;

/** Variables that the platform sets. */
const setByUs: readonly string[] = Object.values(checkVariables);

/** Where it stands in the stack file, everybody can read it who may see what is released. */
const remedyOfSecrets =
  "a check has no secrets: let it sign in as a user that only this site has, and change this one at its source: it was readable";

function problemsOfImage(check: ImageCheck, at: (...path: PropertyKey[]) => string): Problem[] {
  return [
    ...Object.keys(check.env)
      .filter((variable) => setByUs.includes(variable))
      .map((variable) => ({
        path: at("env", variable),
        message: `expected a variable that the platform does not set itself; remove ${variable}`,
      })),
    ...secretsIn(check, at, { variable: () => remedyOfSecrets, word: remedyOfSecrets }),
  ];
}

/** The app that a command is told to work on, and its place among the words. */
function appOf({ args }: Extract<CheckConfig, { kind: "bench" }>): { app: string; index: number } | undefined {
  for (const [index, word] of args.entries()) {
    if (word.startsWith("--app=")) return { app: word.slice("--app=".length), index };
    const next = args[index + 1];
    if (word === "--app" && next !== undefined) return { app: next, index: index + 1 };
  }
  return undefined;
}

function problemsOf(name: string, check: CheckConfig, sites: StackConfig["sites"]): Problem[] {
  const at = (...path: PropertyKey[]) => keyPath("release", ["checks", name, ...path]);
  const site = sites.find((each) => each.name === check.site);
  if (site === undefined) {
    const names = sites.map((each) => each.name);
    const meant = didYouMean(check.site, names);
    const remedy = meant ? `did you mean ${meant}?` : "declare it under frappe:sites";
    return [{ path: at("site"), message: `expected the name of a declared site, got ${check.site}; ${remedy}` }];
  }
  if (site.state !== "active") {
    return [{ path: at("site"), message: `expected an active site, got ${site.name}, which is archived` }];
  }
  if (check.kind === "script") {
    return [];
  }
  const writes =
    check.kind === "image" ? "what a browser does" : "what a command writes (run-tests leaves test records)";
  const asked = check.kind === "bench" ? appOf(check) : undefined;
  return [
    ...(check.kind === "image" ? problemsOfImage(check, at) : []),
    ...(site.disposable === true
      ? []
      : [
          {
            path: at("site"),
            message: `expected a site with disposable: true, got ${site.name}: ${writes} stays there; declare a site for tests, or take kind: script, which is rolled back`,
          },
        ]),
    ...(asked === undefined || site.apps.includes(asked.app)
      ? []
      : [
          {
            path: at("args", asked.index),
            message: `expected an app that ${site.name} has (${site.apps.join(", ")}), got ${asked.app}`,
          },
        ]),
  ];
}

const sitesOfChecks: Rule = {
  needs: ["release", "sites"],
  check: ({ release, sites }) =>
    Object.entries(release.checks).flatMap(([name, check]) => problemsOf(name, check, sites)),
};

export const checkRules: readonly Rule[] = [sitesOfChecks];
