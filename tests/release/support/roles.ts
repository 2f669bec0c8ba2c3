// Programs in a role's place, which say what they are told.
import { commandGroups, pause } from "./reader.ts";

/** A role that says what it is told, and ends with 7 when it is asked to. A child that is just being forked may miss the signal: it kills that itself. */
export const role = [
  "/bin/sh",
  "-c",
  "trap 'echo usr1' USR1; trap 'echo bye; kill -9 $! 2>/dev/null; exit 7' TERM; echo up $$; while :; do sleep 300 & wait $!; done",
];
/** Hears of no end, nor does its child, which must go with it. */
export const stubborn = ["/bin/sh", "-c", "trap '' TERM; echo up $$; while :; do sleep 300; done"];

/** Resolves when nothing of a process group is left. */
export async function gone(group: number): Promise<void> {
  const left = () => commandGroups().includes(group);
  while (left()) await pause();
}
