/** The offline provider on the wire: Pulumi's provider protocol over gRPC on loopback, one port a package. */
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import { OfflineProvider } from "./provider.ts";
import { command } from "./rules/command.ts";
import { docker } from "./rules/docker.ts";
import { kubernetes } from "./rules/kubernetes.ts";
import { random } from "./rules/random.ts";
import { sdkVersion } from "../plugins.ts";
import type { OfflinePackage } from "./package.ts";
import type { Properties } from "./value.ts";

const require = createRequire(import.meta.url);
// From the SDK, whose own versions of both these must be; its index is left alone, as it takes half a second to load.
const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
const grpc = sdk("@grpc/grpc-js") as typeof Grpc;
const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb.js") as { Struct: StructType };
const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => Message };
const messages = require("@pulumi/pulumi/proto/provider_pb.js") as Record<string, MessageType>;
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as {
  ResourceProviderService: Grpc.ServiceDefinition;
};
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js") as Record<string, MessageType>;

/** A protobuf message as the SDK's generated code has it: a getter and a setter a field. */
type Message = Record<string, (...args: unknown[]) => never>;
type MessageType = (new () => Message) & Record<string, never>;
interface StructType {
  fromJavaScript(value: object): unknown;
}

const packages: readonly OfflinePackage[] = [kubernetes, random, command, docker];

/** A message of a type with these fields set. */
function message(type: MessageType | undefined, fields: Readonly<Record<string, unknown>> = {}): Message {
  if (type === undefined) {
    throw new Error("the SDK's protocol has no such message; is @pulumi/pulumi of the pinned version?");
  }
  const made = new type();
  for (const [field, value] of Object.entries(fields)) {
    made[`set${field}`]?.(value);
  }
  return made;
}

const field = (request: Message, name: string): unknown => request[`get${name}`]?.();

function properties(request: Message, name: string): Properties {
  const struct = field(request, name) as { toJavaScript(): Properties } | undefined;
  return struct?.toJavaScript() ?? {};
}

const struct = (value: object) => Struct.fromJavaScript(value);
const text = (request: Message, name: string): string => {
  const value = field(request, name);
  return typeof value === "string" ? value : "";
};

/** `urn:…::type$type::name` → what we judge by; older engines send only the URN. */
function resource(request: Message): { type: string; name: string } {
  const parts = text(request, "Urn").split("::");
  return { type: (parts[2] ?? "").split("$").at(-1) ?? "", name: parts.slice(3).join("::") };
}

function diffResponse(provider: OfflineProvider, request: Message): Message {
  const { type, name } = resource(request);
  const ignored = (field(request, "IgnorechangesList") as string[] | undefined) ?? [];
  const diff = provider.diff(type, name, properties(request, "OldInputs"), properties(request, "News"), ignored);
  const { DiffResponse, PropertyDiff } = messages as { DiffResponse: never; PropertyDiff: never };
  const changed = (DiffResponse as { DiffChanges: Record<string, number> }).DiffChanges;
  const kinds = (PropertyDiff as { Kind: Record<string, number> }).Kind;
  const response = message(DiffResponse, {
    Changes: diff.changes.length === 0 ? changed["DIFF_NONE"] : changed["DIFF_SOME"],
    DiffsList: [...new Set(diff.changes.map(({ path }) => path.split(/[.[]/)[0] ?? path))],
    ReplacesList: diff.changes.filter(({ replaces }) => replaces).map(({ path }) => path),
    Deletebeforereplace: diff.deletesFirst,
    Hasdetaileddiff: true,
  });
  const detailed = response["getDetaileddiffMap"]?.() as unknown as Map<string, Message>;
  for (const { path, kind, replaces } of diff.changes) {
    const name = `${kind.toUpperCase()}${replaces ? "_REPLACE" : ""}`;
    detailed.set(path, message(PropertyDiff, { Kind: kinds[name], Inputdiff: true }));
  }
  return response;
}

function handlers(provider: OfflineProvider, name: string): Record<string, (request: Message) => Message> {
  const none = () => new Empty();
  return {
    attach: none,
    cancel: none,
    delete: none,
    // The engine warns of a version below the SDK's.
    getPluginInfo: () => message(PluginInfo, { Version: `${sdkVersion(name)}+offline` }),
    getSchema: () => message(messages["GetSchemaResponse"], { Schema: "{}" }),
    checkConfig: (request) => message(messages["CheckResponse"], { Inputs: field(request, "News") }),
    diffConfig: () => message(messages["DiffResponse"]),
    configure: () =>
      message(messages["ConfigureResponse"], { Acceptsecrets: true, Supportspreview: true, Acceptresources: true }),
    check: (request) => {
      const { type, name } = resource(request);
      const olds = field(request, "Olds") === undefined ? undefined : properties(request, "Olds");
      const seed = new Uint8Array(field(request, "Randomseed_asU8") as Uint8Array);
      const inputs = provider.check(type, name, properties(request, "News"), olds, seed);
      return message(messages["CheckResponse"], { Inputs: struct(inputs) });
    },
    diff: (request) => diffResponse(provider, request),
    create: (request) => {
      const { type, name } = resource(request);
      const preview = field(request, "Preview") === true;
      const { id, outputs } = provider.create(type, name, properties(request, "Properties"), preview);
      return message(messages["CreateResponse"], { Id: id, Properties: struct(outputs) });
    },
    update: (request) => {
      const outputs = provider.update(
        properties(request, "Olds"),
        properties(request, "OldInputs"),
        properties(request, "News"),
      );
      return message(messages["UpdateResponse"], { Properties: struct(outputs) });
    },
    read: (request) =>
      message(messages["ReadResponse"], {
        Id: text(request, "Id"),
        Properties: field(request, "Properties"),
        Inputs: field(request, "Inputs"),
      }),
  };
}

function implementation(provider: OfflineProvider, name: string): Grpc.UntypedServiceImplementation {
  const known = handlers(provider, name);
  return Object.fromEntries(
    Object.keys(ResourceProviderService).map((method) => {
      const handle = known[method];
      const call: Grpc.handleUnaryCall<Message, Message> = ({ request }, respond) => {
        if (handle === undefined) {
          const details = `the offline provider of ${name} does not answer ${method}`;
          respond({ code: grpc.status.UNIMPLEMENTED, details });
          return;
        }
        try {
          respond(null, handle(request));
        } catch (error) {
          respond({ code: grpc.status.INTERNAL, details: error instanceof Error ? error.message : String(error) });
        }
      };
      return [method, call];
    }),
  );
}

export interface OfflineProviders {
  /** Value of PULUMI_DEBUG_PROVIDERS: the engine attaches to these instead of starting plugins. */
  readonly attach: string;
  readonly stop: () => void;
}

/** Starts one provider a package, on free ports of loopback. */
export async function startOfflineProviders(): Promise<OfflineProviders> {
  const started = await Promise.all(
    packages.map(async (rules) => {
      const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
      server.addService(ResourceProviderService, implementation(new OfflineProvider(rules), rules.name));
      const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      });
      return { server, address: `${rules.name}:${port}` };
    }),
  );
  return {
    attach: started.map(({ address }) => address).join(","),
    stop: () => started.forEach(({ server }) => server.forceShutdown()),
  };
}
