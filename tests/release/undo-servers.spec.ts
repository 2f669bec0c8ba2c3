import { describeUndo } from "./support/undo.ts";

for (const engine of ["mariadb", "postgres"] as const) {
  describeUndo(engine);
}
