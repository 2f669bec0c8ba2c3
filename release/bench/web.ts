/** A web of this image for a moment, on loopback: to look at a site on the new code before the new set is up. */
import { concealAddresses } from "../../backup/environment.ts";
import type { Context } from "../../backup/context.ts";
import { signalGroup, start } from "../../backup/process.ts";
import type { ReleaseJob } from "../job.ts";
import { read } from "./failure.ts";

/** Loading ERPNext takes most of it, on a node that starts everything at once. */
const startSeconds = 120;
const endSeconds = 20;
const lastWords = 8_000;

/** A web that looks at one site after another. */
export interface Candidate {
  /** Begins it, if it is not running, for who will ask for it soon; why it does not start, `endpoint` tells. */
  readonly begin: () => void;
  /** Its base URL; begun when it is asked for, and again where it has ended. @throws when it does not start, with its last words */
  readonly endpoint: () => Promise<string>;
  /** It has ended when this returns. */
  readonly end: () => Promise<void>;
}

export function candidateWeb(context: Context, job: ReleaseJob): Candidate {
  let running: ReturnType<typeof startWeb> | undefined;
  const endpoint = () => {
    const web = (running ??= startWeb(context, job));
    // What could not start, or was killed for its memory, is begun anew for the next site.
    void web.ended.then(() => {
      if (running === web) running = undefined;
    });
    return web.endpoint;
  };
  return {
    begin: () => void endpoint().catch(() => undefined),
    endpoint,
    end: async () => {
      const web = running;
      running = undefined;
      await web?.end();
    },
  };
}

function startWeb(context: Context, job: ReleaseJob) {
  concealAddresses();
  const { folder } = job.bench;
  // Port 0: the system gives one that is free, and gunicorn says which.
  const place = [`--chdir=${folder}/sites`, "--bind=127.0.0.1:0", "--worker-tmp-dir=/dev/shm"];
  const size = ["--workers=1", "--threads=2", "--worker-class=gthread", "--timeout=120"];
  const argv = [`${folder}/env/bin/gunicorn`, ...place, ...size, "frappe.app:application"] as const;
  const child = start([...argv], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = async () => {
    signalGroup(child, "SIGTERM");
    const hard = setTimeout(() => signalGroup(child, "SIGKILL"), endSeconds * 1_000);
    await ended;
    clearTimeout(hard);
  };
  const endpoint = listening(child, context.signal);
  // One that is late is not waited for again: the next who asks begins another.
  endpoint.catch(() => void end());
  return { endpoint, ended, end };
}

function listening(child: ReturnType<typeof start>, signal: AbortSignal): Promise<string> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(startSeconds * 1_000)]);
  let words = "";
  return new Promise((resolve, reject) => {
    const fail = (how: string) => {
      const { cause } = read("", words);
      reject(new Error(`the web of the new code ${how}${cause && `: ${cause}`}`));
    };
    stop.addEventListener("abort", () => fail(signal.aborted ? "was called off" : `is not up after ${startSeconds} s`));
    child.once("error", (error) => fail(`cannot be started (${error.message})`));
    child.once("close", (code) => fail(`ended with ${code}`));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-lastWords);
      const [, endpoint] = /Listening at: (http:\/\/127\.0\.0\.1:\d+)/.exec(words) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
  });
}
