/** The command line of `npm run pin-images`; command.ts has what it does, so that tests can run it on files of their own. */
import { run } from "./command.ts";

process.exitCode = await run(process.argv.slice(2));
