import { describeUndo } from "./support/undo.ts";

// One engine: what differs between the two is seen by release.spec.
for (const engine of ["mariadb"] as const) {
  describeUndo(engine);
}
