/** What the program registered with the engine, as the engine saw it: read from its own log of its own protocol. */
import { readFileSync } from "node:fs";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly opts: Readonly<Record<string, Json>>;
  readonly inputs: Json;
}

interface LogLine {
  readonly method: string;
  readonly request?: Readonly<Record<string, Json>>;
  readonly response?: { readonly urn?: string; readonly object?: Json };
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Options that say what happens to a resource; which the engine uses for itself are left out. */
const options = [
  "aliases",
  "customTimeouts",
  "deleteBeforeReplace",
  "dependencies",
  "deletedWith",
  "ignoreChanges",
  "protect",
  "replaceOnChanges",
  "retainOnDelete",
] as const;

/** `urn:pulumi:prod::frappe::a$b::name` → `b::name`: what it is, without the way to it. */
export const shortUrn = (urn: string): string => {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1) ?? ""}::${name}`;
};

/** Names that the provider gave, and what stands for each: they differ from run to run. */
function givenNames(lines: readonly LogLine[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { request, response } of lines) {
    const asked = request?.["object"];
    const made = response?.object;
    const metadata = isObject(made) ? made["metadata"] : undefined;
    const name = isObject(metadata) ? metadata["name"] : undefined;
    const wanted = isObject(asked) && isObject(asked["metadata"]) ? asked["metadata"]["name"] : undefined;
    if (typeof name === "string" && wanted === undefined) {
      names.set(name, `${text(request?.["name"])}-[autonamed]`);
    }
  }
  return names;
}

function readable(value: Json, names: ReadonlyMap<string, string>): Json {
  if (typeof value === "string") {
    return value === unknownValue ? "[unknown]" : (names.get(value) ?? value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => readable(item, names));
  }
  if (!isObject(value)) {
    return value;
  }
  if (value[signatureKey] === secretSignature) {
    return "[secret]";
  }
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, readable(value[key] ?? null, names)]));
}

/** Aliases that the SDK adds by itself, for older versions of a Kubernetes kind: the same in every program. */
const isOfSdk = (alias: Json) =>
  /"type":"kubernetes:[^"]*(beta|alpha)/.test(JSON.stringify(alias)) ||
  /"type":"kubernetes:extensions/.test(JSON.stringify(alias));

function shownOption(key: string, value: Json): Json {
  if (!Array.isArray(value)) {
    return value;
  }
  switch (key) {
    case "dependencies":
      return value.map((urn) => shortUrn(text(urn))).sort();
    case "aliases":
      return value.filter((alias) => !isOfSdk(alias));
    default:
      return value;
  }
}

const isEmpty = (value: Json | undefined) =>
  value === undefined || value === false || (typeof value === "object" && Object.keys(value ?? {}).length === 0);

function optionsOf(request: Readonly<Record<string, Json>>): Record<string, Json> {
  const shown = options.map((key) => [key, shownOption(key, request[key] ?? false)] as const);
  return Object.fromEntries(shown.filter(([, value]) => !isEmpty(value)));
}

/** Reads a log made with PULUMI_DEBUG_GRPC. */
export function readRegistrations(file: string): Registration[] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes('"/pulumirpc.ResourceMonitor/RegisterResource"'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ response }) => response !== undefined && response !== null);
  const names = givenNames(lines);
  return lines
    .map(({ request = {} }) => ({
      type: text(request["type"]),
      name: text(request["name"]),
      parent: shortUrn(text(request["parent"])),
      opts: optionsOf(request),
      inputs: readable(request["object"] ?? {}, names),
    }))
    .sort((a, b) => (`${a.type}::${a.name}` < `${b.type}::${b.name}` ? -1 : 1));
}
