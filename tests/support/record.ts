/**
 * What a program would have asked of the engine. Mocks see no options, so the requests themselves are recorded on their way to
 * the mock monitor: parent, protect, dependencies and the rest stand as the engine would have got them.
 */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest, RegisterResourceOutputsRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import type { Json } from "../judges/kubernetes-object.ts";

/** In place of a value that the engine was told to keep secret. */
export class Concealed {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

export interface Recorded {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** Plain data, each secret value as a `Concealed`. */
  readonly inputs: Json;
  readonly opts: {
    readonly parent: string | undefined;
    readonly provider: string;
    readonly protect: boolean | undefined;
    readonly retainOnDelete: boolean | undefined;
    readonly deleteBeforeReplace: boolean | undefined;
    readonly ignoreChanges: readonly string[];
    readonly additionalSecretOutputs: readonly string[];
    /** As the program gave it, `600s`. */
    readonly createTimeout: string | undefined;
    /** URNs of everything that must stand first, named by `dependsOn` or used in an input. */
    readonly dependsOn: readonly string[];
    readonly aliases: readonly { urn?: string; name?: string; type?: string; parentUrn?: string }[];
  };
  /** What `registerOutputs` was called with; nothing when it was not. */
  outputs?: Json;
}

export interface Recording<T> {
  readonly resources: readonly Recorded[];
  readonly built: T;
}

// How the engine's protocol writes a secret (sdk/nodejs/runtime/rpc.ts).
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function conceal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(conceal);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Json;
  if (fields[signature] === secretSignature) return new Concealed(conceal(fields["value"]));
  return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, conceal(inner)]));
}

/** The same with every secret in plain text. */
export function reveal(value: unknown): unknown {
  if (value instanceof Concealed) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

/** A value that stands out wherever it leaks to, with every character that needs care in a URL. */
export const canary = (name: string): string => `canary.${name}.@:/?#% `;

/** Name of an object that has none of its own, as the provider would make one up. */
export const autoname = (type: string, name: string) =>
  `${name}-${createHash("sha256").update(`${type} ${name}`).digest("hex").slice(0, 8)}`;

/** Inputs as the provider would fill them in: names of unnamed Kubernetes objects, values of random passwords. */
function filledIn(type: string, name: string, inputs: Json): Json {
  if (type.startsWith("random:")) {
    return { ...inputs, result: { [signature]: secretSignature, value: canary(name) } };
  }
  const metadata = inputs["metadata"] as Json | undefined;
  return metadata === undefined ? inputs : { ...inputs, metadata: { name: autoname(type, name), ...metadata } };
}

const newResource = ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => ({
  id: `${name}-id`,
  state: filledIn(type, name, inputs as Json),
});

const isSet = <V>(has: boolean, value: V): V | undefined => (has ? value : undefined);

function recorded(request: RegisterResourceRequest, urn: string): Recorded {
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    inputs: conceal(request.getObject()?.toJavaScript() ?? {}) as Json,
    opts: {
      parent: request.getParent() || undefined,
      provider: request.getProvider(),
      protect: isSet(request.hasProtect(), request.getProtect()),
      retainOnDelete: isSet(request.hasRetainondelete(), request.getRetainondelete()),
      deleteBeforeReplace: isSet(request.getDeletebeforereplacedefined(), request.getDeletebeforereplace()),
      ignoreChanges: request.getIgnorechangesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      createTimeout: request.getCustomtimeouts()?.getCreate() || undefined,
      dependsOn: request.getDependenciesList(),
      aliases: request.getAliasesList().map((alias) => {
        const spec = alias.getSpec();
        const said = {
          urn: alias.getUrn(),
          name: spec?.getName(),
          type: spec?.getType(),
          parentUrn: spec?.getParenturn(),
        };
        return Object.fromEntries(Object.entries(said).filter(([, text]) => text));
      }),
    },
  };
}

type Reply = (error: unknown, response?: { getUrn(): string }) => void;
interface Monitor {
  registerResource(request: RegisterResourceRequest, reply: Reply): Promise<void>;
  registerResourceOutputs(request: RegisterResourceOutputsRequest, reply: Reply): void;
}

/** The SDK exports both and marks them internal. */
const runtime = pulumi.runtime as unknown as { getMonitor(): Monitor; waitForRPCs(): Promise<void> };

/** Lets every request pass through the recording before the mock monitor answers it. */
function listen(resources: Map<string, Recorded>, failures: unknown[]): void {
  const monitor = runtime.getMonitor();
  const registerResource = monitor.registerResource.bind(monitor);
  const registerResourceOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResource = (request, reply) =>
    registerResource(request, (error, response) => {
      const urn = response?.getUrn() ?? "";
      if (error) failures.push(error);
      else if (resources.has(urn)) failures.push(new Error(`two resources would have the URN ${urn}`));
      else resources.set(urn, recorded(request, urn));
      reply(error, response);
    });
  monitor.registerResourceOutputs = (request, reply) => {
    const resource = resources.get(request.getUrn());
    if (resource) resource.outputs = conceal(request.getOutputs()?.toJavaScript() ?? {}) as Json;
    registerResourceOutputs(request, reply);
  };
}

/** Failures come as rejections that nobody can await; for the time of a recording they are ours, not mocha's. */
async function collectRejections(failures: unknown[], work: () => Promise<void>): Promise<void> {
  const others = process.listeners("unhandledRejection");
  const listener = (reason: unknown) => void failures.push(reason);
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", listener);
  try {
    await work();
    // Node reports an unhandled rejection only when its turn of the loop is over.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", listener);
    for (const other of others) process.on("unhandledRejection", other);
  }
}

async function recordAlone<T>(build: () => T | Promise<T>, stack: string): Promise<Recording<T>> {
  const resources = new Map<string, Recorded>();
  const failures: unknown[] = [];
  await pulumi.runtime.setMocks({ newResource, call: ({ inputs }) => inputs as Json }, "frappe", stack);
  listen(resources, failures);
  const results: T[] = [];
  await collectRejections(failures, async () => {
    results.push(await build());
    await runtime.waitForRPCs();
  });
  if (failures.length > 0) throw failures[0];
  return { resources: [...resources.values()], built: results[0] as T };
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs `build` against mocks and waits until everything that it began is settled. What it throws, at once or later, is thrown
 * here. The mocks are the process's own, so recordings wait for each other.
 */
export function record<T>(build: () => T | Promise<T>, stack = "test"): Promise<Recording<T>> {
  const recording = previous.then(() => recordAlone(build, stack));
  previous = recording.catch(() => undefined);
  return recording;
}

/** All resources of a type, or whose type ends with `:<type>`. */
export const ofType = (resources: readonly Recorded[], type: string): Recorded[] =>
  resources.filter((resource) => resource.type === type || resource.type.endsWith(`:${type}`));

/** The one resource of a type and, where several may have it, of a name. */
export function only(resources: readonly Recorded[], type: string, name?: string): Recorded {
  const found = ofType(resources, type).filter((resource) => name === undefined || resource.name === name);
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(
      `expected one ${type} ${name ?? ""}, got ${found.length} of ${resources.map((one) => `${one.type} ${one.name}`).join(", ")}`,
    );
  }
  return first;
}
