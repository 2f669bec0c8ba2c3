/** A program run in a pod that stands, to its end. */
import { Writable } from "node:stream";
import { Exec, type V1Status } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";
import { within } from "./patience.ts";

export interface Executed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The connection to a pod broke, or was never made. */
export class ExecError extends Error {}

/** Bytes that a program may print. */
const most = 64 * 1024 * 1024;

function collected(): Writable & { text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
      done(size > most ? new ExecError(`more than ${most} bytes were printed`) : null);
    },
  });
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString("utf8") });
}

/** Exit code that a status stands for; undefined where the program never ran. */
function codeOf({ status, details }: V1Status): number | undefined {
  const [cause] = details?.causes?.filter(({ reason }) => reason === "ExitCode") ?? [];
  return status === "Success" ? 0 : cause && Number(cause.message);
}

/** What we need of the web socket; its package brings no types. */
interface Socket {
  terminate(): void;
  onclose: () => void;
}

interface Target {
  readonly pod: string;
  readonly container: string;
}

/**
 * @param seconds Deadline for all of it.
 * @throws ExecError where the program could not be run, or its end is not known; NoAnswerError at the deadline.
 */
export async function execIn(
  { kubeconfig, namespace }: Cluster,
  { pod, container }: Target,
  argv: readonly string[],
  seconds: number,
): Promise<Executed> {
  const [stdout, stderr] = [collected(), collected()];
  let close = () => {};
  const ended = new Promise<V1Status>((resolve, reject) => {
    stdout.once("error", reject);
    new Exec(kubeconfig).exec(namespace, pod, container, [...argv], stdout, stderr, null, false, resolve).then(
      (opened) => {
        const socket = opened as unknown as Socket;
        close = () => socket.terminate();
        socket.onclose = () => reject(new ExecError(`the connection broke off`));
      },
      // A socket's error is an event, whose message says what the API server answered.
      (error: { readonly message?: string }) => reject(new ExecError(`not reached: ${error.message ?? ""}`)),
    );
  });
  try {
    const status = await within(seconds * 1000, ended);
    const code = codeOf(status);
    if (code === undefined) {
      throw new ExecError(`${argv[0]} was not run: ${status.message ?? status.reason ?? "no cause"}`);
    }
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    close();
  }
}
