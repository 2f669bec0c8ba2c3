/** The engine's own log, which `pulumi up` shows beside each resource. */
import { EngineClient, grpc, message, messages } from "../../engine/provider-message.ts";
import type { Log } from "./provider.ts";

export interface EngineLog {
  of(urn: string): Log;
  close(): void;
}

/** Severities of engine.proto. */
const severity = { info: 1, warning: 2 } as const;

/** @param address Host and port that the engine gave when it attached. */
export function engineLog(address: string): EngineLog {
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  const log = client["log"] as (request: unknown, done: () => void) => void;
  // One after the other: calls of their own may overtake each other.
  let last: Promise<void> = Promise.resolve();
  const say = (urn: string, level: keyof typeof severity, line: string, ephemeral: boolean) => {
    const request = message(messages["LogRequest"], {
      Severity: severity[level],
      Message: line,
      Urn: urn,
      Ephemeral: ephemeral,
    });
    // A line that the engine did not take is no reason to fail what the line was about.
    const send = () => new Promise<void>((sent) => void log.call(client, request, () => sent()));
    last = last.then(send);
  };
  return {
    of: (urn) => ({
      status: (line) => say(urn, "info", line, true),
      info: (line) => say(urn, "info", line, false),
      warning: (line) => say(urn, "warning", line, false),
    }),
    close: () => client.close(),
  };
}
