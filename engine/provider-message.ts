/** Messages of Pulumi's provider protocol, built on the protobufs that the SDK ships: how they are made and read. */
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type { Change } from "./offline/diff.ts";
import type { Properties } from "./offline/value.ts";

const require = createRequire(import.meta.url);
// From the SDK, whose own versions of these must be; its index is left alone, as it takes half a second to load.
const sdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
export const grpc = sdk("@grpc/grpc-js") as typeof Grpc;
const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb.js") as { Struct: StructType };
const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => Message };
const { Any } = sdk("google-protobuf/google/protobuf/any_pb.js") as Record<string, MessageType>;
const { Status } = require("@pulumi/pulumi/proto/status_pb.js") as Record<string, MessageType>;
const { LogRequest } = require("@pulumi/pulumi/proto/engine_pb.js") as Record<string, MessageType>;
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js") as Record<string, MessageType>;
export const messages: Record<string, MessageType> = {
  ...(require("@pulumi/pulumi/proto/provider_pb.js") as Record<string, MessageType>),
  ...(Any && Status && LogRequest && PluginInfo && { Any, Status, LogRequest, PluginInfo }),
};
export const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as {
  ResourceProviderService: Grpc.ServiceDefinition;
};
export const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb.js") as {
  EngineClient: Grpc.ServiceClientConstructor;
};

/** A protobuf message as the SDK's generated code has it: a getter and a setter a field. */
export type Message = Record<string, (...args: unknown[]) => never>;
export type MessageType = (new () => Message) & Record<string, never>;
interface StructType {
  fromJavaScript(value: object): unknown;
}

/** A message of a type with these fields set. */
export function message(type: MessageType | undefined, fields: Readonly<Record<string, unknown>> = {}): Message {
  if (type === undefined) {
    throw new Error("the SDK's protocol has no such message; is @pulumi/pulumi of the pinned version?");
  }
  const made = new type();
  for (const [field, value] of Object.entries(fields)) {
    made[`set${field}`]?.(value);
  }
  return made;
}

export const none = (): Message => new Empty();
export const struct = (value: object): unknown => Struct.fromJavaScript(value);
export const field = (request: Message, name: string): unknown => request[`get${name}`]?.();

export function properties(request: Message, name: string): Properties {
  const value = field(request, name) as { toJavaScript(): Properties } | undefined;
  return value?.toJavaScript() ?? {};
}

export const text = (request: Message, name: string): string => {
  const value = field(request, name);
  return typeof value === "string" ? value : "";
};

/** `urn:…::type$type::name` → what we judge by; older engines send only the URN. */
export function resource(request: Message): { type: string; name: string } {
  const parts = text(request, "Urn").split("::");
  return { type: (parts[2] ?? "").split("$").at(-1) ?? "", name: parts.slice(3).join("::") };
}

/** What a comparison of inputs came to. */
export interface Diff {
  readonly changes: readonly (Change & { readonly replaces: boolean })[];
  readonly deletesFirst: boolean;
}

export function diffResponse(diff: Diff): Message {
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
