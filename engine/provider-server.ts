/** Pulumi's provider protocol over gRPC on loopback, one port a provider. What is answered is the caller's. */
import type * as Grpc from "@grpc/grpc-js";
import { grpc, message, messages, ResourceProviderService, struct, type Message } from "./provider-message.ts";
import type { Properties } from "./offline/value.ts";

/** A question of the engine's: who asks, and whether it still wants to know. */
export interface Call {
  /** The connection that it came by. The engine has one for each provider of a program. */
  readonly peer: string;
  /** Aborted when the engine goes away. */
  readonly signal: AbortSignal;
}

export type Answer = (request: Message, call: Call) => Message | Promise<Message>;
export type Answers = Readonly<Record<string, Answer>>;

/** The resource is there, and is not as it should be: the engine keeps it in the state, and goes on with it at the next update. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties | undefined;
  readonly reasons: readonly string[];

  constructor(id: string, outputs: Properties, reasons: readonly string[], inputs?: Properties) {
    super(reasons.join("\n"));
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
    this.inputs = inputs;
  }
}

/** Go's gRPC reads structured errors from a header that JavaScript's leaves to us. */
function details(failure: PartialFailure): Grpc.Metadata {
  const failed = message(messages["ErrorResourceInitFailed"], {
    Id: failure.id,
    Properties: struct(failure.outputs),
    ReasonsList: [...failure.reasons],
    ...(failure.inputs && { Inputs: struct(failure.inputs) }),
  });
  const any = message(messages["Any"]);
  any["pack"]?.(failed["serializeBinary"]?.(), "pulumirpc.ErrorResourceInitFailed");
  const status = message(messages["Status"], { Code: grpc.status.UNKNOWN, Message: failure.message });
  status["addDetails"]?.(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status["serializeBinary"]?.() ?? ""));
  return metadata;
}

/** An error as gRPC carries it. INTERNAL would have the engine doubt whether the resource is there. */
function asStatus(error: unknown): Partial<Grpc.StatusObject> {
  if (error instanceof PartialFailure) {
    return { code: grpc.status.UNKNOWN, details: error.message, metadata: details(error) };
  }
  return { code: grpc.status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}

function implementation(who: string, answers: Answers): Grpc.UntypedServiceImplementation {
  return Object.fromEntries(
    Object.keys(ResourceProviderService).map((method) => {
      const answer = answers[method];
      const handle: Grpc.handleUnaryCall<Message, Message> = (call, respond) => {
        if (answer === undefined) {
          respond({ code: grpc.status.UNIMPLEMENTED, details: `${who} does not answer ${method}` });
          return;
        }
        const gone = new AbortController();
        call.once("cancelled", () => gone.abort(new Error("the engine went away")));
        const asked = async () => answer(call.request, { peer: call.getPeer(), signal: gone.signal });
        asked().then(
          (response) => respond(null, response),
          (error: unknown) => respond(asStatus(error)),
        );
      };
      return [method, handle];
    }),
  );
}

export interface Served {
  readonly port: number;
  readonly stop: () => void;
}

/**
 * Answers on a free port of loopback until it is stopped.
 * @param who Names the provider where a question has no answer.
 */
export async function serveProvider(who: string, answers: Answers): Promise<Served> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(ResourceProviderService, implementation(who, answers));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

/** Value of PULUMI_DEBUG_PROVIDERS, by which the engine attaches to these instead of starting plugins. */
export const attachTo = (served: readonly { readonly name: string; readonly port: number }[]): string =>
  served.map(({ name, port }) => `${name}:${port}`).join(",");
