// Judges a rendered redis.conf and ACL file by a real redis-server that runs on them, unchanged.
import { requireTool } from "../support/tools.ts";
import type { RedisReply, RedisTalk } from "./sandbox/protocol.ts";
import { type Program, type Sandbox, type SandboxOptions, withSandbox } from "./sandbox/sandbox.ts";

export type { RedisReply } from "./sandbox/protocol.ts";

export interface RedisOptions extends Omit<SandboxOptions, "files"> {
  /** The rendered redis.conf. */
  config: string;
  /** Where it stands, as in the pod. @default "/etc/redis/redis.conf" */
  path?: string;
  /** The ACL file and all else that the configuration reads, by absolute path. */
  files?: SandboxOptions["files"];
  /** Folders that the pod may write. @default ["/tmp", "/data"] */
  writable?: readonly string[];
  /** @default 6379 */
  port?: number;
}

/** Whom to be, and from which of the sandbox's addresses. */
type Login = Pick<RedisTalk, "user" | "password" | "from">;

export interface RedisClient {
  /** Sends commands on a new connection, after AUTH when a password is given; a refused AUTH is the first reply. */
  talk: (commands: RedisTalk["commands"], login?: Login) => Promise<RedisReply[]>;
  /** The only reply of one command. */
  ask: (command: readonly string[], login?: Login) => Promise<RedisReply>;
  server: Program;
  sandbox: Sandbox;
}

/** Whether a reply is an error; with a pattern, one that says so. */
export const isRefusal = (reply: RedisReply | undefined, pattern = /./): boolean =>
  typeof reply === "object" && reply !== null && "error" in reply && pattern.test(reply.error);

/** The fields of an INFO reply. */
export const infoFields = (reply: RedisReply): Map<string, string> =>
  new Map(
    [...(typeof reply === "string" ? reply : "").matchAll(/^([a-z][a-z0-9_]*):(.*?)\r?$/gm)].map(
      ([, name = "", value = ""]) => [name, value],
    ),
  );

/** Starts the server as uid 999, hands over a client, and ends everything. */
export async function withRedis<Result>(
  options: RedisOptions,
  use: (client: RedisClient) => Promise<Result>,
): Promise<Result> {
  const { config, path = "/etc/redis/redis.conf", port = 6379 } = options;
  const program = requireTool("redis-server");
  const box: SandboxOptions = {
    user: { name: "redis", uid: 999 },
    writable: ["/tmp", "/data"],
    ...options,
    files: { ...options.files, [path]: config },
  };
  return withSandbox(box, async (sandbox) => {
    const server = await sandbox.start([program, path], { ready: { port } });
    const talk: RedisClient["talk"] = (commands, login) => sandbox.redis({ port, commands, ...login });
    const ask: RedisClient["ask"] = async (command, login) => (await talk([command], login))[0] ?? null;
    return use({ talk, ask, server, sandbox });
  });
}
