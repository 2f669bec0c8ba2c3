/** How a command ends: by its exit code, or by what a person has to put right. */
import { userInfo } from "node:os";
import { NoEngineError } from "../engine/find.ts";
import { refusal } from "./refusal.ts";

/** Runs a command's work. What is a person's to mend is told without a stack, with the exit code 2; anything else is thrown. */
export async function runCommand(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    const told = error instanceof NoEngineError ? error.message : refusal(error);
    if (told === undefined) {
      throw error;
    }
    process.stderr.write(`${told}\n`);
    process.exitCode = 2;
  }
}

/** Ends the process once all that was said is written, whatever else it waits for: a server that answers no more must not hold it. */
export const endNow = (): void =>
  void process.stdout.write("", () => process.stderr.write("", () => process.exit(process.exitCode)));

/** Who runs this, for whoever finds what it started; in a container a number may have no name. */
export function whoAsks(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
