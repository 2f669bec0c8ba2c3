/**
 * A Command runs on the machine of whoever runs Pulumi, with all that this person may do. So there is one kind of it: the step of a
 * release, which submits a Job and follows it. It runs once for each release, and no other change, update or deletion runs it.
 *
 * The SDK hands a rule every value in plain text, so nobody can refuse a secret here; what may be given at all has no room for one.
 *
 * A Command is judged twice. By itself, before it is made for the first time; after that the engine puts what `ignoreChanges` names back
 * to what the state holds before a rule sees it, while a new release runs what the program says. That, only the whole shows.
 */
import { at, fields, items, notKnown, shown, text } from "./shared/known.ts";
import type { Options, Resource, Rule } from "./shared/rule.ts";
import { commandName, commandText, localCommand, steps } from "./shared/steps.ts";

const inputs = ["create", "stdin", "dir", "triggers", "logging", "addPreviousOutputInEnv"];
/** With the whole stack its properties are what came out. */
const outputs = ["stdout", "stderr", "assets", "archive"];
/** Why it may not have others. */
const refused: Readonly<Record<string, string>> = {
  update: "a change of any other input would run it",
  delete: "an update or a destroy would run it",
  environment: "its values would stand in the state and in what is printed",
  interpreter: "the program that runs is the same for all",
};
/** What a step is told (operate/step-input.ts). */
const told = ["release", "attempt", "template", "namespace", "readyTimeout", "context", "gateway", "clusterIdentifier"];
/** A change of one of these alone would run a step again: without `update` the provider runs `create`. */
const held = ["create", "stdin", "dir", "environment", "interpreter", "logging"];

const release = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const unknown = (what: string) => `${what} is not known in a preview, so nobody can judge it`;

function otherInputs(props: unknown): string[] {
  // Names that begin so are the provider's own notes.
  const isOther = (key: string) => ![...inputs, ...outputs].includes(key) && !key.startsWith("__");
  return Object.entries(fields(props))
    .filter(([key, value]) => isOther(key) && value !== undefined && value !== null)
    .map(([key]) => `${key}: ${refused[key] ?? "it is no input of a release's step"}`);
}

/** What it runs is what its name says. */
function createProblems({ name, props }: Resource): string[] {
  const create = at(props, "create");
  if (create === notKnown) return [unknown("create")];
  const step = steps.find((each) => commandName(each) === name);
  if (step === undefined) return [`create: only ${steps.map(commandName).join(", ")} may run anything`];
  return create === commandText(step) ? [] : [`create: expected exactly \`${commandText(step)}\``];
}

function triggerProblems(props: unknown): string[] {
  const triggers = at(props, "triggers");
  if (triggers === notKnown || items(triggers).includes(notKnown)) return [unknown("triggers")];
  const [only] = items(triggers);
  return items(triggers).length === 1 && release.test(text(only) ?? "")
    ? []
    : ["triggers: expected the release's id and nothing else, so that each release runs it once"];
}

function parsed(stdin: string): unknown {
  try {
    return JSON.parse(stdin) as unknown;
  } catch {
    return undefined;
  }
}

/** No name that is not ours is repeated: what stands where it should not may be a secret. */
function stdinProblems(props: unknown): string[] {
  const stdin = at(props, "stdin");
  if (stdin === notKnown) return [unknown("stdin")];
  const given = Object.entries(fields(parsed(text(stdin) ?? "")));
  const isPlain = given.every(
    ([key, value]) => told.includes(key) && ["string", "number", "boolean"].includes(typeof value),
  );
  return given.length > 0 && isPlain ? [] : [`stdin: expected JSON with ${told.join(", ")} and nothing else`];
}

const fixed = { logging: "none", addPreviousOutputInEnv: false } as const;
/** What the provider does otherwise. */
const otherwise = {
  logging: "it prints what the step prints, and hangs on a line of 64 KiB",
  addPreviousOutputInEnv: "the output of the last step is handed to the next, until it is too long to start",
} as const;

const fixedProblems = (props: unknown) =>
  (["logging", "addPreviousOutputInEnv"] as const)
    .filter((key) => at(props, key) !== fixed[key])
    .map((key) => `${key} is ${shown(at(props, key))}, not ${shown(fixed[key])}: ${otherwise[key]}`);

function optionProblems({ ignoreChanges, secretOutputs, createSeconds }: Options): string[] {
  const missing = held.filter((key) => !ignoreChanges.includes(key));
  return [
    ...(missing.length > 0
      ? [`ignoreChanges without ${missing.join(", ")}: a change of it alone runs the step again`]
      : []),
    ...(ignoreChanges.some((key) => key === "*" || key.startsWith("triggers"))
      ? ["ignoreChanges takes the triggers along: no release would run it"]
      : []),
    ...(secretOutputs.includes("stderr")
      ? []
      : ["additionalSecretOutputs without stderr: it stands in the state as text"]),
    ...(createSeconds > 0 ? [] : ["customTimeouts.create is not set: nothing ends a step that hangs"]),
  ];
}

const localProblems = (command: Resource) => [
  ...otherInputs(command.props),
  ...createProblems(command),
  ...triggerProblems(command.props),
  ...stdinProblems(command.props),
  ...fixedProblems(command.props),
  ...optionProblems(command.options),
];

function problemsOf(resource: Resource): string[] {
  if (resource.type.startsWith("command:remote:")) {
    return ["it runs on another machine, with a key or a password among its inputs"];
  }
  return resource.type === localCommand ? localProblems(resource) : [];
}

export const commandShape: Rule = {
  name: "frappe-command-shape",
  description:
    "A Command is a step of a release: it runs once for each, from a fixed program, and is told nothing secret.",
  remedy: "Make steps by components/release; what has to run in the cluster is a Job or a CronJob",
  judge: problemsOf,
  judgeStack: (resources) =>
    resources.flatMap((resource) => problemsOf(resource).map((problem) => ({ resource, problem }))),
};
