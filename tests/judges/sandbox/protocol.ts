// What the test process and the agent inside the sandbox say to each other: one JSON object a line, each way.

export interface Run {
  argv: readonly string[];
  /** @default the sandbox's user */
  uid?: number;
  input?: string;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** @default 60_000 */
  timeoutMs?: number;
}

export interface RunResult {
  /** -1 when a signal ended it, the deadline's included. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface Start extends Omit<Run, "input" | "timeoutMs"> {
  /** Ready when a connection is taken there. */
  ready: { port: number; host?: string } | { socket: string };
  /** @default 60_000 */
  deadlineMs?: number;
}

export interface Target {
  port: number;
  /** @default "127.0.0.1" */
  address?: string;
  /** Source address, one of the sandbox's own. */
  from?: string;
  tls?: { serverName?: string; minVersion?: TlsVersion; maxVersion?: TlsVersion };
  /** @default 10_000 */
  timeoutMs?: number;
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

export interface HttpRequest extends Target {
  /** @default "GET" */
  method?: string;
  /** @default "/" */
  path?: string;
  /** Sent as they stand, Host included. */
  headers?: Readonly<Record<string, string | string[]>>;
  body?: string;
  /** Sends so many bytes instead of a body of one's own. */
  bodyBytes?: number;
}

export interface HttpAnswer {
  /** 0 when the server closed without an answer. */
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Negotiated, where TLS was asked for. */
  tlsVersion?: string;
  /** Why there is no answer. */
  error?: string;
}

export interface UpgradeAnswer extends HttpAnswer {
  /** What the backend saw, when it took the upgrade. */
  seen?: Seen;
  /** The text that came back through the websocket. */
  echoed?: string;
}

/** What an echo backend answers: the request as it arrived there. */
export interface Seen {
  backend: string;
  method: string;
  url: string;
  /** Lower-case names; repeated headers joined by a comma. */
  headers: Readonly<Record<string, string>>;
  remote: string;
  bodyBytes: number;
}

export interface Backend {
  name: string;
  address: string;
  port: number;
  /** Answers for some paths, instead of the echo. */
  answers?: Readonly<Record<string, { status?: number; headers?: Readonly<Record<string, string>>; body?: string }>>;
}

export interface RedisTalk extends Target {
  user?: string;
  password?: string;
  commands: readonly (readonly string[])[];
}

/** A RESP value; an error is told apart by its field. */
export type RedisReply = string | number | null | { error: string } | RedisReply[];

export interface Methods {
  run: (params: Run) => Promise<RunResult>;
  start: (params: Start) => Promise<number>;
  stop: (pid: number) => Promise<void>;
  log: (pid: number) => Promise<string>;
  backends: (list: readonly Backend[]) => Promise<void>;
  request: (params: HttpRequest) => Promise<HttpAnswer>;
  upgrade: (params: HttpRequest) => Promise<UpgradeAnswer>;
  raw: (params: Target & { text: string }) => Promise<string>;
  redis: (params: RedisTalk) => Promise<RedisReply[]>;
}

export type Call = { id: number; method: keyof Methods; params: unknown };
export type Reply = { id: number; result?: unknown; error?: string };
