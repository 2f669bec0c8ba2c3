/** As much of a Kubernetes API server as running a program in a pod takes: a list of pods, and the channels of a web socket. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { V1Pod, V1Status } from "@kubernetes/client-node";
import { send, status } from "./api-server.ts";

/** How a program in a pod goes. */
export interface Course {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** `refused`: by a 403; `cut`: after its output; `impossible`: there is no such program. */
  readonly fate?: "refused" | "cut" | "impossible";
}

export interface ExecServer {
  readonly url: string;
  /** What was run: pod, container, and the program's words. */
  readonly ran: { readonly pod: string; readonly container: string; readonly argv: readonly string[] }[];
  readonly selectors: string[];
  stop(): Promise<void>;
}

/** RFC 6455: what a server adds to the client's key. */
const handshake = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A binary frame, unmasked as a server's is: the channel, then its bytes. */
function frame(channel: number, text: string | Buffer): Buffer {
  const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text as string)]);
  const { length } = payload;
  const head = length < 126 ? Buffer.from([0x82, length]) : Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (length >= 126) head.writeUInt32BE(length, 6);
  return Buffer.concat([head, payload]);
}

const endOf = ({ code = 0, fate }: Course): V1Status => {
  if (fate === "impossible") return { status: "Failure", message: "no such file or directory" };
  return code === 0
    ? { status: "Success" }
    : {
        status: "Failure",
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: String(code) }] },
      };
};

export async function startExecServer(pods: readonly V1Pod[], courseOf: (pod: string) => Course): Promise<ExecServer> {
  const ran: ExecServer["ran"] = [];
  const selectors: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
    if (!pathname.endsWith("/pods")) return send(response, 404, status(404, `${pathname} not found`));
    selectors.push(searchParams.get("labelSelector") ?? "");
    return send(response, 200, { kind: "PodList", items: pods });
  });
  server.on("upgrade", (request, socket: Socket) => {
    sockets.add(socket);
    // The client may be gone before us.
    socket.on("error", () => undefined);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
    const [, pod = ""] = /\/pods\/([^/]+)\/exec$/.exec(pathname) ?? [];
    ran.push({ pod, container: searchParams.get("container") ?? "", argv: searchParams.getAll("command") });
    const course = courseOf(pod);
    if (course.fate === "refused") {
      return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${handshake}`).digest("base64");
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${key}`,
      "Sec-WebSocket-Protocol: v4.channel.k8s.io",
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    // In two pieces, as it may come: between them lies half a character.
    const stdout = Buffer.from(course.stdout ?? "");
    const half = Math.ceil(stdout.length / 2);
    [stdout.subarray(0, half), stdout.subarray(half)].forEach((piece) => socket.write(frame(1, piece)));
    socket.write(frame(2, course.stderr ?? ""));
    if (course.fate === "cut") return void socket.destroySoon();
    socket.write(frame(3, JSON.stringify(endOf(course))));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ran,
    selectors,
    stop: () =>
      new Promise((done) => {
        sockets.forEach((socket) => socket.destroy());
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
