/**
 * A secret stands in a Secret, which pods read by reference: in a pod's environment, a ConfigMap or a command, whoever may look at
 * the object reads it. Rules are given secrets in plain text, so no message repeats a value. Secret objects are not judged: only a
 * remediation could tell whether their content came in as a secret.
 */
import { at, fields, items, notKnown, text } from "./shared/known.ts";
import { containersOf, judgePod, type Pod } from "./shared/pods.ts";
import type { Resource, Rule } from "./shared/rule.ts";
import { announcesSecret, isHarmless, looksRandom, settingsSecrets, unmistakableIn } from "./shared/secret-text.ts";

const program = /\.(?:[cm]?js|ts|py|sh|css|html|map)$/;
const fileName = /\.[a-z0-9]+$/i;
const command = /^command:(?:local|remote):Command$/;
const commandTexts = ["create", "update", "delete", "stdin"] as const;

/** What is wrong with a named value. One that a preview does not know is no reference either, and its name tells. */
function valueProblems(name: string, value: unknown): string[] {
  if (value === notKnown) {
    return announcesSecret(name) ? ["a value beside a name that announces a secret"] : [];
  }
  const held = text(value);
  if (held === undefined || isHarmless(held)) {
    return [];
  }
  const kinds = [...settingsSecrets(held), ...(looksRandom(held) ? ["a generated value"] : [])];
  return announcesSecret(name) ? ["a value beside a name that announces a secret"] : kinds;
}

const isReference = (entry: unknown) => at(entry, "valueFrom") !== undefined;

function envProblems(entries: readonly unknown[]): string[] {
  return entries.flatMap((entry) => {
    const name = text(at(entry, "name")) ?? "";
    return isReference(entry)
      ? []
      : valueProblems(name, at(entry, "value")).map((problem) => `env ${name}: ${problem}`);
  });
}

const wordsOf = (list: unknown) =>
  items(list)
    .map((word) => text(word) ?? "")
    .join(" ");

const commandLines = [
  ["command"],
  ["args"],
  ...["livenessProbe", "readinessProbe", "startupProbe"].map((probe) => [probe, "exec", "command"]),
  ...["preStop", "postStart"].map((hook) => ["lifecycle", hook, "exec", "command"]),
];

const podProblems = (pod: Pod) =>
  containersOf(pod).flatMap(({ path, spec }) =>
    [
      ...envProblems(items(at(spec, "env"))),
      ...commandLines.flatMap((line) =>
        settingsSecrets(wordsOf(at(spec, ...line))).map((kind) => `${line.join(".")}: ${kind}`),
      ),
    ].map((problem) => `${path}: ${problem}`),
  );

/** A file is judged by what it holds, a program by what no program may hold, and a bare key as a variable is. */
function entryProblems(key: string, value: unknown): string[] {
  if (!fileName.test(key)) return valueProblems(key, value);
  const held = text(value) ?? "";
  return program.test(key) ? unmistakableIn(held) : settingsSecrets(held);
}

function configMapProblems({ props }: Resource): string[] {
  const decoded = Object.entries(fields(at(props, "binaryData"))).map(
    ([key, value]) => [key, Buffer.from(text(value) ?? "", "base64").toString("latin1")] as const,
  );
  return [...Object.entries(fields(at(props, "data"))), ...decoded].flatMap(([key, value]) =>
    entryProblems(key, value).map((problem) => `data ${key}: ${problem}`),
  );
}

function commandProblems({ props }: Resource): string[] {
  const variables = Object.entries(fields(at(props, "environment"))).map(([name, value]) => ({ name, value }));
  return [
    ...commandTexts.flatMap((field) =>
      settingsSecrets(text(at(props, field)) ?? "").map((kind) => `${field}: ${kind}`),
    ),
    ...settingsSecrets(wordsOf(at(props, "interpreter"))).map((kind) => `interpreter: ${kind}`),
    ...envProblems(variables),
  ];
}

export const noPlaintextSecrets: Rule = {
  name: "frappe-no-plaintext-secrets",
  description: "No secret stands in an environment, a ConfigMap or a command.",
  remedy:
    "Put it into a Secret (pulumi config set --secret, components/secrets) and read it by secretKeyRef or from a mounted file",
  judge: (resource) => {
    if (resource.kind === "core/ConfigMap") return configMapProblems(resource);
    return command.test(resource.type) ? commandProblems(resource) : judgePod(podProblems)(resource);
  },
};
