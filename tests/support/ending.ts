// Loaded before every test file: a test run that is told to end does so by way of `exit`, where tests end what they started.
import { constants } from "node:os";

for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
