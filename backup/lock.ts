/**
 * One run, restore or release of a bench at a time: a lock in the database server, held by a client that stays connected. It goes when
 * the client goes, so a killed run leaves none behind.
 */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "./context.ts";
import { databaseOf } from "./databases/index.ts";
import { info, messageOf } from "./log.ts";
import { type Login, loginOf } from "./login.ts";
import { signalGroup, start } from "./process.ts";
import { sitesOf } from "./sites.ts";

export interface Lock {
  /** The server's name of the session that holds it. */
  readonly session: string;
  /** Told when it is lost: what is under way with it ends. */
  readonly losing: Set<(lost: Error) => void>;
  /** Whether it is ours still. It stays so when a run is called off, until it is released: what stands half done is put right. */
  readonly held: () => boolean;
  release: () => Promise<void>;
}

const askMs = 20_000;
const answerMs = 30_000;

/** Somebody else has it. */
class Taken extends Error {}

/** How often who waits for it asks again. */
const waitMs = 5_000;

/**
 * Takes the bench's lock as the first site's user that can log in; one that this process keeps (`keepLock`) serves, and stays.
 * @throws when another run has it
 */
export async function takeLock(context: Context): Promise<Lock> {
  const { lock } = context.kept;
  if (lock?.held() === true) return lent(lock, context.abort);
  // One that we have lost may stand in our way on the server.
  await letGo(context);
  const refusals: string[] = [];
  for (const site of sitesOf(context.job)) {
    const login = attempt(() => loginOf(context.job, site));
    const held = login instanceof Error ? login : await hold(context, login, [context.abort]);
    if (!(held instanceof Error)) return held;
    refusals.push(`${site}: ${messageOf(held)}`);
  }
  throw new Error(`no site's user can log in to the database for the lock (${refusals.slice(0, 5).join("; ")})`);
}

/** For one piece of work. */
function lent(lock: Lock, abort: Context["abort"]): Lock {
  lock.losing.add(abort);
  return { ...lock, release: () => Promise.resolve(void lock.losing.delete(abort)) };
}

/**
 * Waits for the bench's lock, and keeps it for all that this process does, until `letGo`: between two pieces of its work nobody else begins
 * one. Where it is lost, what is under way with it is called off, nothing else; whoever comes here again waits for it anew.
 * @param login a user's that none of that work throws out.
 */
export async function keepLock(context: Context, login: Login): Promise<void> {
  const { kept, signal } = context;
  for (let told = false; kept.lock?.held() !== true;) {
    await letGo(context);
    try {
      const lock = await hold(context, login, []);
      if (lock instanceof Error) throw lock;
      kept.lock = lock;
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
      if (!told) info("waiting", { for: error.message });
      told = true;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

/** Gives back what `keepLock` has taken, if it has. */
export async function letGo({ kept }: Context): Promise<void> {
  const { lock } = kept;
  delete kept.lock;
  await lock?.release();
}

function attempt<Result>(make: () => Result): Result | Error {
  try {
    return make();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Names of locks have at most 64 characters. */
const lockName = (bench: string) => `frappe-backup:${createHash("sha256").update(bench).digest("hex").slice(0, 32)}`;

/** An error is returned where this login does not work, and thrown where another run has the lock. */
async function hold(context: Context, login: Login, told: readonly Context["abort"][]): Promise<Lock | Error> {
  const { bench } = context.job;
  const client = databaseOf(context).lockClient(context, login, lockName(bench));
  const child = start(client.argv, { stdio: ["pipe", "pipe", "pipe"], env: client.env });
  const say = conversation(child);
  const end = () => closeClient(child);
  const calledOff = () => void end();
  context.signal.addEventListener("abort", calledOff, { once: true });
  let answer: string;
  try {
    answer = await say(client.take);
  } catch (error) {
    await end();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    context.signal.removeEventListener("abort", calledOff);
  }
  const [taken, session = ""] = answer.split(/\s+/);
  if (taken !== "1") {
    await end();
    throw new Taken(`another backup, restore or release of ${bench} is at work (its lock is taken)`);
  }
  let held = true;
  const losing = new Set(told);
  const lost = (why: string) => {
    held = false;
    for (const tell of losing) tell(new Error(`the lock in the database was lost (${why})`));
  };
  const gone = () => lost("its session ended");
  child.once("close", gone);
  const asking = setInterval(() => {
    say(client.ask).then(
      (still) => still === "1" || lost("it is not held any more"),
      (error: unknown) => lost(messageOf(error)),
    );
  }, askMs);
  return {
    session,
    losing,
    held: () => held,
    release: async () => {
      clearInterval(asking);
      child.off("close", gone);
      await end();
    },
  };
}

/** Says one line to a client and waits for the one that it answers. */
function conversation(child: ChildProcess): (line: string) => Promise<string> {
  let errors = "";
  let waiting: { answer: (line: string) => void; fail: (error: Error) => void } | undefined;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-1_000)));
  child.stdin?.on("error", () => undefined); // its end is seen by "close"
  if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => waiting?.answer(line.trim()));
  const fail = (why: string) => waiting?.fail(new Error(errors.trim().split("\n").at(-1) || why));
  child.once("error", (error) => fail(error.message));
  child.once("close", () => fail("the client ended"));
  return async (line) => {
    const answered = new Promise<string>((answer, reject) => (waiting = { answer, fail: reject }));
    const limit = setTimeout(() => fail("the server does not answer"), answerMs);
    child.stdin?.write(line);
    return answered.finally(() => clearTimeout(limit));
  };
}

/** Ends the client, and with it the session. */
async function closeClient(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.stdin?.end();
  const hard = setTimeout(() => signalGroup(child, "SIGKILL"), 5_000);
  await gone;
  clearTimeout(hard);
}
