/**
 * A secret stands in a Secret, which pods read by reference: in a pod's environment, a ConfigMap or a command, whoever may look at
 * the object reads it. Rules are given secrets in plain text, so no message repeats a value. Secret objects are not judged: only a
 * remediation could tell whether their content came in as a secret.
 */
import { at, fields, items, notKnown, text } from "./shared/known.ts";
import { containersOf, judgePod, type Pod, podOf } from "./shared/pods.ts";
import { isCustom, type Resource, type Rule } from "./shared/rule.ts";
import { announcesSecret, isHarmless, looksRandom, settingsSecrets, unmistakableIn } from "./shared/secret-text.ts";

/** Languages in which an assignment is not a setting. A shell's is one. */
const program = /\.(?:[cm]?js|ts|py|css|html|map)$/;
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

const podProblems = (pod: Pod) => [
  ...annotationProblems(pod.annotations),
  ...containersOf(pod).flatMap(({ path, spec }) =>
    [
      ...envProblems(items(at(spec, "env"))),
      ...commandLines.flatMap((line) =>
        settingsSecrets(wordsOf(at(spec, ...line))).map((kind) => `${line.join(".")}: ${kind}`),
      ),
    ].map((problem) => `${path}: ${problem}`),
  ),
];

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

/** Annotations are read by whoever may look at the object, as its environment is. */
const annotationProblems = (annotations: unknown) =>
  Object.entries(fields(annotations)).flatMap(([key, value]) => {
    const held = text(value) ?? "";
    const isNamed = announcesSecret(key) && !isHarmless(held);
    const kinds = isNamed ? ["a value beside a name that announces a secret"] : settingsSecrets(held);
    return kinds.map((kind) => `annotation ${key}: ${kind}`);
  });

/** In Kubernetes' objects `secret: name` names a Secret, as `secretName` does. */
const namesSecret = /secret$/i;

/** Texts of a custom resource, at any depth; its variables are judged as a pod's are. */
function customProblems(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => customProblems(item, `${path}[${index}]`));
  }
  const variable = text(at(value, "value")) === undefined ? undefined : text(at(value, "name"));
  if (variable !== undefined) {
    return envProblems([value]).map((problem) => `${path}: ${problem}`);
  }
  return Object.entries(fields(value)).flatMap(([key, inner]) => {
    const held = text(inner);
    if (held === undefined) return customProblems(inner, `${path}.${key}`);
    const isNamed = announcesSecret(key) && !namesSecret.test(key) && !isHarmless(held);
    const kinds = isNamed ? ["a value beside a name that announces a secret"] : settingsSecrets(held);
    return kinds.map((kind) => `${path}.${key}: ${kind}`);
  });
}

function objectProblems(resource: Resource): string[] {
  const { kind, props } = resource;
  const own = kind === "core/ConfigMap" ? configMapProblems(resource) : judgePod(podProblems)(resource);
  // What is read from a pod's template is not read again from the whole.
  const custom = isCustom(resource) && podOf(resource) === undefined ? customProblems(at(props, "spec"), "spec") : [];
  return [...annotationProblems(at(props, "metadata", "annotations")), ...own, ...custom];
}

export const noPlaintextSecrets: Rule = {
  name: "frappe-no-plaintext-secrets",
  description: "No secret stands in an environment, a ConfigMap, a command, an annotation or a custom resource.",
  remedy:
    "Put it into a Secret (pulumi config set --secret, components/secrets) and read it by secretKeyRef or from a mounted file",
  judge: (resource) => (command.test(resource.type) ? commandProblems(resource) : objectProblems(resource)),
};
