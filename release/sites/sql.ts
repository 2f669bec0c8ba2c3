/** Names and values in statements on a site's tables, as its engine writes them. */
import { type Quoting, quotings } from "../../backup/databases/quoting.ts";
import type { ReleaseJob } from "../job.ts";

export const quotingOf = ({ backup }: ReleaseJob): Quoting => quotings[backup.database.engine];

/** The table that marks a database as one that we have begun to make (begun.ts). */
export const mark = "frappe_platform_site";
