/** Asks the ledger by its read-only user: no statement here makes or changes anything. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ClientContext } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import { messageOf } from "../../backup/log.ts";
import { mayNotRun } from "../guard.ts";
import { dialects } from "../ledger/dialect.ts";
import { leftOf, refuseOther, type SqlClient, unhex } from "../ledger/records.ts";
import { readLogin } from "../login.ts";
import type { ReleaseState } from "../machine.ts";
import { type GuardConfig, paceOf, type ReaderConfig } from "./config.ts";

/** The database or its tables are not there: no release has been prepared. By number on MariaDB; Postgres' client tells no code. */
const notMade = /ERROR (?:1049|1146) |(?:database|relation) ".*" does not exist/;
/** Likewise where it is the user that is not there; or its password is another. */
const notLetIn = /ERROR 1045 |authentication failed|role ".*" (?:does not exist|is not permitted)/;

/**
 * Puts questions to the ledger; undefined: there is none yet.
 * @param stop calls them off.
 */
export async function askLedger<Answer>(
  config: ReaderConfig,
  stop: AbortSignal,
  questions: (client: SqlClient) => Promise<Answer>,
): Promise<Answer | undefined> {
  const own = mkdtempSync(path.join(tmpdir(), "ledger-"));
  const clear = () => rmSync(own, { recursive: true, force: true });
  process.once("exit", clear);
  // One of its own for each question: what hung on `stop` by AbortSignal.any would stay there as long as we run.
  const over = new AbortController();
  const abort = () => over.abort(stop.reason);
  stop.addEventListener("abort", abort, { once: true });
  const { patience } = paceOf(config);
  const late = new Error(`the ledger does not answer within ${patience} s`);
  const limit = setTimeout(() => over.abort(late), patience * 1_000);
  try {
    const login = readLogin(config.loginFolder, config.ledger);
    const context: ClientContext = { job: config, own, signal: over.signal };
    const { engine } = config.database;
    return await questions({ engine, query: (sql) => databaseOf(context).query(context, login, sql) });
  } catch (error) {
    const said = messageOf(error);
    if (notMade.test(said)) return undefined;
    if (!notLetIn.test(said)) throw error;
    throw new Error(`the ledger's reader is not let in, until a release is prepared: ${said}`, { cause: error });
  } finally {
    clearTimeout(limit);
    stop.removeEventListener("abort", abort);
    process.off("exit", clear);
    clear();
  }
}

/** Whether a process of the release may run; `unknown` when nobody can say. */
export interface Verdict {
  readonly may: "yes" | "no" | "unknown";
  /** Empty with `yes`. */
  readonly why: string;
}

/** One statement, so that it is one state of the ledger that is judged. */
async function standsOf({ engine, query }: SqlClient, owner: string) {
  const { hex, now } = dialects[engine];
  const columns = ["version", hex("owner"), hex("releases.id"), hex("state"), "deadline", `deadline - ${now}`].join(
    ", ",
  );
  const rows = await query(
    `SELECT ${columns} FROM ledger LEFT JOIN releases ON TRUE WHERE ledger.id = 1 ORDER BY number`,
  );
  const [row] = rows;
  if (row === undefined) return [];
  refuseOther(row, owner);
  // A ledger without a release is one row of nothing.
  const stands = rows.map(([, , id, state, deadline, left]) => ({
    id: unhex(id),
    state: unhex(state) as ReleaseState,
    leftMs: leftOf(Number(deadline), Number(left)),
  }));
  return stands.filter(({ id }) => id !== "");
}

/** @param rule of what asks: a process that waits, or one that runs. */
export async function verdictOf(config: GuardConfig, stop: AbortSignal, rule = mayNotRun): Promise<Verdict> {
  try {
    const stands = await askLedger(config, stop, (client) => standsOf(client, config.owner));
    const why = rule(stands ?? [], config.release, config.role);
    return why === undefined ? { may: "yes", why: "" } : { may: "no", why };
  } catch (error) {
    return { may: "unknown", why: messageOf(error) };
  }
}
