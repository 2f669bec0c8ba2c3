// Judges a rendered nginx configuration by a real nginx that runs it unchanged.
import { existsSync } from "node:fs";
import { requireTool } from "../support/tools.ts";
import type { Backend, RunResult } from "./sandbox/protocol.ts";
import { type Program, type Sandbox, type SandboxOptions, withSandbox } from "./sandbox/sandbox.ts";

export interface NginxOptions extends SandboxOptions {
  /** The configuration and everything that it reads or serves, by absolute path. */
  files: NonNullable<SandboxOptions["files"]>;
  /** @default "/etc/nginx/nginx.conf" */
  config?: string;
  /** Echo servers behind nginx, up before it starts. */
  backends?: readonly Backend[];
  /** A port of nginx that takes connections once it is ready. @default 8080 */
  port?: number;
  /** @default ["/tmp"] */
  writable?: readonly string[];
}

export interface NginxClient extends Pick<Sandbox, "request" | "upgrade" | "raw" | "backends"> {
  nginx: Program;
  sandbox: Sandbox;
}

const defaultConfig = "/etc/nginx/nginx.conf";

/** What Debian's package has and the images have too: nothing else of this machine's /etc/nginx is seen. */
const machine = () => ["/etc/nginx/mime.types"].filter(existsSync);

const commandLine = ({ config = defaultConfig, files }: NginxOptions, ...more: string[]) => {
  const content = files[config];
  const text = (typeof content === "string" ? content : content?.text) ?? "";
  const foreground = /^\s*daemon\s/m.test(text) ? [] : ["-g", "daemon off;"];
  return [requireTool("nginx"), "-e", "/dev/stderr", "-c", config, ...foreground, ...more];
};

const sandboxOf = (options: NginxOptions): SandboxOptions => {
  const given = new Set(Object.keys(options.files));
  return {
    writable: ["/tmp"],
    ...options,
    machine: [...machine().filter((file) => !given.has(file)), ...(options.machine ?? [])],
  };
};

/** `nginx -t`: whether it takes the configuration, and what it says. Hosts that the configuration names must be in `hosts`. */
export async function testNginx(options: NginxOptions): Promise<{ ok: boolean; output: string }> {
  const tell = ({ code, stdout, stderr }: RunResult) => ({ ok: code === 0, output: stdout + stderr });
  const argv = commandLine(options, "-t");
  return withSandbox(sandboxOf(options), async (sandbox) => tell(await sandbox.run(argv)));
}

/** Starts the backends, then nginx, hands over a client, and ends everything. */
export async function withNginx<Result>(
  options: NginxOptions,
  use: (client: NginxClient) => Promise<Result>,
): Promise<Result> {
  const argv = commandLine(options);
  return withSandbox(sandboxOf(options), async (sandbox) => {
    await sandbox.backends(options.backends ?? []);
    const nginx = await sandbox.start(argv, { ready: { port: options.port ?? 8080 } });
    return use({ ...sandbox, nginx, sandbox });
  });
}
