import { ConfigError } from "../config/problems.ts";
import { ProcessError } from "../engine/run.ts";
import { StackFileError } from "../engine/stack-file.ts";
import { clusterMessage, OperateError } from "./cluster.ts";

const theirs = [OperateError, StackFileError, ConfigError, ProcessError];

/** What a person is told of an error that is theirs to mend; undefined for one of ours. */
export const refusal = (error: unknown): string | undefined =>
  error instanceof Error && theirs.some((kind) => error instanceof kind) ? error.message : clusterMessage(error);
