/** The ledger as one JSON, for `npm run releases` (constants/ledger.ts says its shape). */
import { readAllSites, readEvents, readReleases, refuseOther, type SqlClient, whoseLedger } from "../ledger/records.ts";
import { askLedger } from "./ask.ts";
import type { ReaderConfig } from "./config.ts";

/** @param only one release, with its events. */
export async function ledgerJson(config: ReaderConfig, only: string | undefined, stop: AbortSignal): Promise<string> {
  const releases = await askLedger(config, stop, async (client) => {
    const [row] = await client.query(whoseLedger(client));
    if (row === undefined) return [];
    refuseOther(row, config.owner);
    return listed(client, only);
  });
  return JSON.stringify({ releases: releases ?? [] });
}

async function listed(client: SqlClient, only: string | undefined) {
  const sites = await readAllSites(client);
  const releases = (await readReleases(client)).filter(({ id }) => only === undefined || id === only);
  const events = only === undefined || releases.length === 0 ? undefined : await readEvents(client, only);
  return releases.map((release) => ({ ...release, sites: sites.get(release.id) ?? [], ...(events && { events }) }));
}
