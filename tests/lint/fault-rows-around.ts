// The rows of faults in what lies around a release: its volumes, its state, its configuration, whoever else is at work.
import { at, cluster, release, type Row } from "./held.ts";

export const around: Readonly<Record<number, Row>> = {
  41: {
    fault: "one of many sites fails",
    held: [
      release(
        "twenty-sites",
        "puts all of them back as they were, byte by byte, in one run, by the seals of those that it had touched",
      ),
    ],
  },
  42: {
    fault: "a sites volume that is read-only, full, or another user's",
    held: [
      release("refusals", "refuses a volume that is mounted read-only, and sites in folders of another user"),
      release(
        "refusals",
        "refuses a volume with too little room for a way back, in bytes or in files, and one that is full",
      ),
      release("refusals", "refuses to make a site where nothing can be made"),
    ],
  },
  43: {
    fault: "a way back that fails itself",
    held: [
      release("drive", "asks for a person, and leaves writes closed, when the seal of one site cannot be put back"),
      release("drive", "tries that way back once more when it is asked again, and says what failed last"),
    ],
  },
  44: {
    fault: "two that take a release over at once",
    held: [release("races", "lets whoever was overtaken write before or never, ${races} times")],
  },
  45: {
    fault: "Pulumi's state lost, or an older one",
    held: [
      release("invariants", "I8 changes nothing, and calls nothing, when a release that stands is asked for again"),
      at(
        "operate/recover.spec.ts",
        "takes in what a killed up had made, frees the stack, and leaves the next up only what was not made",
      ),
    ],
  },
  46: {
    fault: "a password or a volume replaced or renamed",
    held: [
      at("engine/offline-safety.spec.ts", "fails a preview that would replace what is protected, by its name"),
      at(
        "golden/golden.spec.ts",
        "misses a data resource that was renamed without an alias, and accepts one that was renamed with it",
      ),
    ],
  },
  48: {
    fault: "pulumi's --target, --continue-on-error, and Ctrl-C twice",
    held: [
      release(
        "invariants",
        "I9 lets new code run on new schemas only and old code on old ones only, at each moment of each way",
      ),
      at("operate/step-cli.spec.ts", "leaves the Job running at ${signal}, and says how to follow it"),
      cluster("interruptions", "by ${signal}, and ends right with ${then}"),
    ],
  },
};
