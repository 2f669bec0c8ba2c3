/** Other stacks on the same database server, by the ledgers that they keep there: two with one schema would undo each other. */
import type { Context } from "../../backup/context.ts";
import type { ReleaseJob } from "../job.ts";
import { readReleases, type SqlClient, unhex, whoseLedger } from "../ledger/records.ts";
import { isEnd } from "../machine.ts";
import { adminClient } from "../server.ts";
import { quotingOf } from "../sites/sql.ts";

/** Tables that a ledger has, and nothing else has together. */
const marks = ["ledger", "holder", "releases", "events"];

/** For the record of a release, where other stacks find them: the database of each site, archived ones too. */
export const schemasOf = ({ sites }: Pick<ReleaseJob, "sites">): Readonly<Record<string, string>> =>
  Object.fromEntries(sites.map(({ name, schema }) => [name, schema]));

/** Schemas of ours that a site of another stack has, each with whose it is and the remedy. Reads only. */
export async function sharedSchemas(context: Context, job: ReleaseJob): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of await otherLedgers(context, job)) {
    const client = adminClient(context, job, name);
    const [[, hex] = []] = await client.query(whoseLedger(client));
    const owner = unhex(hex);
    if (owner === job.owner) continue;
    const theirs = await theirSchemas(client);
    for (const { name: site, schema } of job.sites) {
      const other = theirs.get(schema);
      if (other === undefined) continue;
      problems.push(
        `${site}: its database ${schema} is that of ${other} of the stack ${owner} (ledger ${name}): ` +
          "give the site another schema, or take it out of the other stack first",
      );
    }
  }
  return problems;
}

/** Of the release that stands there, and of one that is under way: site by schema. */
async function theirSchemas(client: SqlClient): Promise<ReadonlyMap<string, string>> {
  const releases = await readReleases(client);
  const stands = releases.findLast(({ state }) => state === "confirmed");
  const counting = [...(stands === undefined ? [] : [stands]), ...releases.filter(({ state }) => !isEnd(state))];
  const pairs = counting.flatMap(({ facts }) => Object.entries((facts["schemas"] ?? {}) as Record<string, string>));
  return new Map(pairs.map(([site, schema]) => [schema, site]));
}

async function otherLedgers(context: Context, job: ReleaseJob): Promise<readonly string[]> {
  const { text } = quotingOf(job);
  const names = marks.map(text).join(", ");
  const client = adminClient(context, job);
  if (client.engine === "mariadb") {
    const found = await client.query(
      `SELECT table_schema FROM information_schema.tables WHERE table_name IN (${names}) ` +
        `GROUP BY table_schema HAVING COUNT(*) = ${marks.length}`,
    );
    return found.flat().filter((name) => name !== job.ledger);
  }
  const ours = [job.ledger, ...job.sites.map(({ schema }) => schema)].map(text).join(", ");
  const databases = await client.query(
    `SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname NOT IN ('postgres', ${ours})`,
  );
  const found: string[] = [];
  for (const [name = ""] of databases) {
    const [[count] = []] = await adminClient(context, job, name).query(
      `SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename IN (${names})`,
    );
    if (Number(count) === marks.length) found.push(name);
  }
  return found;
}
