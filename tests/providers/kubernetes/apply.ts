/** Server-side apply, and what its refusals mean. */
import type { Properties } from "../../../engine/offline/value.ts";
import { ApiError, type Answered, type Client } from "./client.ts";
import { annotation } from "./object.ts";
import { nameOf } from "./wait.ts";

export interface Application {
  /** Who the fields belong to from now on. */
  readonly manager: string;
  /** Whether nothing is to be kept of it. */
  readonly dryRun: boolean;
  /** Whether fields of others are taken over. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** What was refused because others manage it: by field, with its manager. */
function conflicts(error: ApiError): string[] {
  const causes = (error.status.details?.causes ?? []).filter(({ reason }) => reason === "FieldManagerConflict");
  return causes.map(({ field = "a field", message = "" }) => {
    const [, manager = message] = /"([^"]+)"/.exec(message) ?? [];
    return `${field} is managed by "${manager}"`;
  });
}

/** An API server's refusal as what could not be done to which object. */
export function refusal(verb: string, object: Properties, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const taken = error.code === 409 ? conflicts(error) : [];
  const why =
    taken.length === 0
      ? error.message
      : `${taken.join(", ")}. Leave such fields out of the program, or take them over with the annotation pulumi.com/patchForce: "true"`;
  return new Error(`${nameOf(object)} could not be ${verb}: ${why}`, { cause: error });
}

/** Answers 201 where it made the object. */
export function apply(client: Client, path: string, object: Properties, application: Application): Promise<Answered> {
  const { manager, dryRun, force, signal } = application;
  return client.ask("PATCH", path, {
    query: {
      fieldManager: manager,
      force: String(force || annotation(object, "patchForce") === "true"),
      dryRun: dryRun ? "All" : undefined,
    },
    body: object,
    type: "application/apply-patch+yaml",
    signal,
  });
}
