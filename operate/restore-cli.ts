import { userInfo } from "node:os";
import { root } from "../engine/root.ts";
import { usualKubeconfig } from "./cluster.ts";
import { refusal, restore } from "./restore.ts";

try {
  const terminal = { input: process.stdin, output: process.stdout, interactive: process.stdin.isTTY };
  process.exitCode = await restore(process.argv.slice(2), {
    root,
    kubeconfig: usualKubeconfig(),
    terminal,
    by: userInfo().username,
    now: new Date(),
  });
} catch (error) {
  const told = refusal(error);
  if (told === undefined) {
    throw error;
  }
  process.stderr.write(`${told}\n`);
  process.exitCode = 2;
}
