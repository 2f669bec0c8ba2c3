// What may go wrong with a release, by the rows of the project's table of faults, and the tests that hold each.
import { around } from "./fault-rows-around.ts";
import { at, backup, cluster, release, type Row } from "./held.ts";

export const rows: Readonly<Record<number, Row>> = {
  1: {
    fault: "the database server killed in a migration",
    held: [
      release("faults", "goes back when the database server is killed in a migration and comes back"),
      release("faults-postgres", "goes back when the server is ended at once in a migration, and comes back"),
    ],
  },
  2: {
    fault: "the database server down before the start",
    held: [
      release("faults-postgres", "refuses to prepare while its database server does not answer, and changes nothing"),
    ],
  },
  3: {
    fault: "a patch that fails",
    held: [
      at("release/support/releases.ts", "goes all the way back when a patch fails, and says which"),
      cluster("releases", "puts every site back when a patch of the last one fails, says which, and serves as before"),
    ],
  },
  4: {
    fault: "a patch that does not end",
    held: [release("faults-postgres", "goes back when a patch does not end within its time")],
  },
  5: {
    fault: "the runner killed at any point",
    held: [
      release("kills", "goes all the way back, as without the kills, and everything is as before"),
      release("kills", "stands, as without the kills, with all rows on the new schema"),
      release("drive", "ends where it would have, whichever write to the ledger it dies at"),
    ],
  },
  6: {
    fault: "statements of a killed client that run on",
    held: [backup("restore", "ends the sessions that hold the site's tables, and flushes its cache before it opens")],
  },
  7: {
    fault: "no room for the dump",
    held: [
      backup("faults", "fails when the dump finds no room in scratch (fault 7)"),
      release("faults-postgres", "is aborted when there is no room for the dump"),
    ],
  },
  8: {
    fault: "no room in the repository",
    held: [
      backup("faults", "fails when the repository's disk is full (fault 8)"),
      release("faults-postgres", "is aborted before anything is closed when the repository's disk is full"),
    ],
  },
  9: {
    fault: "the database server's own disk full",
    held: [
      release("full-disk", "goes back when a patch has filled the server's disk"),
      release(
        "full-disk",
        "is aborted while all is open where the server has no room for one more of the largest site",
      ),
    ],
  },
  10: {
    fault: "a store out of reach, or that fails",
    held: [
      backup("store", "fails within its time where every answer is 503"),
      backup("store", "fails within its time where uploads break off in the middle"),
      release("faults-postgres", "is aborted when restic fails while writes are closed, and opens them again"),
    ],
  },
  11: {
    fault: "a truncated pack",
    held: [backup("faults", "verifies nothing on a repository with a truncated pack (fault 11)")],
  },
  12: {
    fault: "a flipped byte",
    held: [backup("faults", "sees a flipped byte, which a plain check passes (fault 12)")],
  },
  13: {
    fault: "another password of the repository",
    held: [release("refusals", "refuses a repository that another password opens")],
  },
  14: {
    fault: "a dump that was cut",
    held: [
      backup("faults", "refuses a dump that was cut though its program ended with 0 (fault 14)"),
      backup("faults", "refuses a dump whose program was killed (fault 14)"),
    ],
  },
  15: {
    fault: "a table altered while it is dumped",
    held: [backup("faults", "takes another dump when a table was altered meanwhile (fault 15)")],
  },
  16: {
    fault: "a lock that a dead pod has left",
    held: [
      backup(
        "runs",
        "clear the lock that a killed pod left under another name, but not while it may be at work (fault 16)",
      ),
    ],
  },
  17: {
    fault: "an empty database backed up by mistake",
    held: [backup("faults", "refuses an empty database, and one that lost most of its tables (fault 17)")],
  },
  18: {
    fault: "a restore into another database",
    held: [
      backup("restore", "refuses a snapshot of another database"),
      release("other-server", "I13 puts no seal into it, though it has the site's database and lets the same users in"),
      release("scratch", "knows the server again, and drops or makes nothing with a name that needs quoting"),
    ],
  },
  19: {
    fault: "redis_cache lost",
    held: [
      at("fixtures/bench/migrate.spec.ts", "does not start without redis_cache"),
      at("live/redis.spec.ts", "the cache begins anew, and has written nothing"),
    ],
  },
  20: {
    fault: "redis_queue lost with its jobs",
    held: [
      at("live/redis.spec.ts", "the queue has every job again that was acknowledged, however soon it is killed"),
      release(
        "faults",
        "waits for a Redis that stands still for some seconds, and goes back when it forgets who is suspended",
      ),
    ],
  },
  21: {
    fault: "a job that does not end",
    held: [
      release("queue", "is late for a job that does not end, names it, and leaves it and all that wait as they are"),
    ],
  },
  22: {
    fault: "somebody who writes while writes are closed",
    held: [
      release(
        "drive",
        "takes whatever runs a job while writes are closed for a failure, before the seal and after the migration",
      ),
      release("quiet", "ends nobody, and names who is left when the time is up"),
      release("scratch", "tells one changed character in the live database from what was backed up"),
    ],
  },
  23: {
    fault: "two releases at once",
    held: [
      release("races", "lets one of two begin, ${races} times, and the other changes nothing"),
      release("two-runners", "I4 lets one of two releases stand, or both in their order, and says who has it in hand"),
    ],
  },
  24: {
    fault: "a holder that stands still, and goes on later",
    held: [
      release("faults", "is taken over when it stands still in a patch, and writes nothing when it goes on"),
      release(
        "faults",
        "is taken over when it stands still while it holds a migrated release, and writes nothing when it goes on",
      ),
    ],
  },
  25: {
    fault: "an API server that is away, busy, or drops a watch",
    held: [
      at("operate/step-follow.spec.ts", "through any of the API server's moods"),
      at("operate/step-follow.spec.ts", "over a connection that is dead and does not say so"),
    ],
  },
  26: {
    fault: "the migrating pod evicted",
    held: [
      at("operate/step-follow.spec.ts", "to the pod that takes the place of a lost one"),
      release("ends", "goes all the way back when its pod is told to end in the middle of a migration"),
    ],
  },
  27: {
    fault: "a migration or restore out of memory",
    held: [
      release("bench", "tells a kill and the time limit from an exit"),
      release(
        "undo",
        "gives up when the restore of a site is cut off again and again, and goes back to the data of today",
      ),
    ],
  },
  28: {
    fault: "an image that is not to be had",
    held: [
      cluster("releases", "stops one whose image does not exist before anything is closed, and names the image"),
      at("operate/step-start.spec.ts", "says that its image is not to be had, and takes the Job back"),
    ],
  },
  29: {
    fault: "new code that does not start",
    held: [
      release("hold", "takes it back by itself when nobody says anything until its deadline"),
      at(
        "cluster/blue-green.spec.ts",
        "still serves it, from the same pod, when the verify of release ${release} fails",
      ),
    ],
  },
  30: {
    fault: "new code that answers badly",
    held: [
      release("hold", "takes it back when it is found bad, and whoever asked is told why"),
      release("sites-serving", "is bad where an answer of an app's document type is refused"),
    ],
  },
  31: {
    fault: "no metrics while a new set is looked at",
    held: [
      release("canary-stages", "fail without enough requests to judge by"),
      release("canary-stages", "end when Prometheus is silent for long, and not when it is for a moment"),
    ],
  },
  32: {
    fault: "a certificate that has ended, or is another's",
    held: [
      at(
        "live/exporters.spec.ts",
        "asked from outside, another's certificate, a bad answer and a plain one are not well",
      ),
    ],
  },
  33: {
    fault: "clocks that differ, clocks put forward and leap days",
    held: [
      release("refusals", "I16 refuses while the clock is far off"),
      at("gates/freeze.spec.ts", "keeps to the wall over the days on which clocks are put forward and back"),
      at("gates/freeze.spec.ts", "takes dates once, over the end of a year and on a leap day"),
    ],
  },
  ...around,
};
