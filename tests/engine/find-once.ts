/** Finds an engine in the environment that a test gave to this process, and writes what came of it as JSON. */
import { findEngine, NoEngineError, type Engine } from "../../engine/find.ts";

export interface Found {
  readonly engine?: Engine;
  /** What NoEngineError says. */
  readonly refusal?: string;
  readonly said: readonly string[];
}

const said: string[] = [];
const found = await findEngine((line) => said.push(line)).then(
  (engine): Found => ({ engine, said }),
  (error: unknown): Found => {
    if (!(error instanceof NoEngineError)) {
      throw error;
    }
    return { refusal: error.message, said };
  },
);
process.stdout.write(JSON.stringify(found));
