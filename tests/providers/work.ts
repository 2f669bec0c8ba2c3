/** A piece of work as the engine would hand it to a provider, with what the provider says of it. */
import type { Work } from "./provider.ts";

export interface HeardWork extends Work {
  readonly said: string[];
}

export function workOn(type: string, changes: Partial<Work> = {}): HeardWork {
  const said: string[] = [];
  const hear = (kind: string) => (line: string) => void said.push(`${kind} ${line}`);
  return {
    type,
    name: "it",
    log: { status: hear("status"), info: hear("info"), warning: hear("warning") },
    signal: new AbortController().signal,
    timeout: undefined,
    preview: false,
    said,
    ...changes,
  };
}
