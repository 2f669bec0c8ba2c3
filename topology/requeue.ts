/**
 * Jobs that nobody has. A worker takes a job off its queue and writes down that it has begun it, in two steps (RQ's dequeue_any pops by
 * BLPOP where a worker serves several queues, which Frappe's do): killed between them, or cut off from Redis, it leaves a job that is
 * `queued` and stands in no queue, and nothing in RQ looks for it. Beside the queue's server something does.
 */
import { images } from "../constants/images.ts";
import { imageReference } from "./image.ts";
import type { ContainerPlan } from "./types.ts";

/** User that looks, of the queue's server. */
export const requeueUser = "requeue";

/** What it may do: read jobs' states and queues, put a job back, and remember what it has missed. */
export const requeueRights =
  "%R~rq:job:* ~rq:queue:* ~frappe:requeue +ping +eval +time +scan +hmget +llen +lrange +lpush +hget +hset +hdel +expire";

/**
 * Seconds that a job may be between its queue and its worker's word that it runs. A worker that is slower than this, and lives, makes
 * its job run twice: starting a job's process takes well under a second.
 */
export const requeuePatience = 60;

/** Seconds between two looks. */
const interval = 20;

/**
 * Looks at one page of jobs; returns the cursor of the next, and a line for each job that was put back: at the queue's head, where it
 * came from. A queue of more than twenty thousand is left for later, since reading it would hold everybody up.
 */
export const requeueScript = `local cursor, patience, interval = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(redis.call("TIME")[1])
local missed = "frappe:requeue"
local queues = {}

local function waits(queue, job)
  if queues[queue] == nil then
    local jobs = { all = redis.call("LLEN", "rq:queue:" .. queue) > 20000, ids = {} }
    for _, list in ipairs(jobs.all and {} or { "", ":intermediate" }) do
      for _, id in ipairs(redis.call("LRANGE", "rq:queue:" .. queue .. list, 0, -1)) do
        jobs.ids[id] = true
      end
    end
    queues[queue] = jobs
  end
  return queues[queue].all or queues[queue].ids[job]
end

local page = redis.call("SCAN", cursor, "MATCH", "rq:job:*", "COUNT", 500, "TYPE", "hash")
local said = { page[1] }
for _, key in ipairs(page[2]) do
  local job = string.sub(key, 8)
  local state = redis.call("HMGET", key, "status", "origin")
  if state[1] == "queued" and state[2] and not waits(state[2], job) then
    -- When it was first missed and when last; a gap between them means that it was there meanwhile.
    local first, last = string.match(redis.call("HGET", missed, job) or "", "^(%d+) (%d+)$")
    if not first or now - tonumber(last) > 3 * interval then
      first = now
    end
    if now - tonumber(first) >= patience then
      redis.call("LPUSH", "rq:queue:" .. state[2], job)
      redis.call("HDEL", missed, job)
      said[#said + 1] = cjson.encode({ event = "requeued", job = job, queue = state[2], missing_seconds = now - tonumber(first) })
    else
      redis.call("HSET", missed, job, string.format("%d %d", first, now))
      redis.call("EXPIRE", missed, 3600)
    end
  end
end
return said
`;

/** Where the server's files lie; the password stands in none of them but its own. */
const scriptPath = "/etc/redis-requeue/requeue.lua";
const passwordPath = "/etc/redis-requeue/password";

/** Says what was put back on stdout, and why it could not look on stderr. */
const loop = `trap 'exit 0' TERM
REDISCLI_AUTH=$(cat ${passwordPath})
export REDISCLI_AUTH
look() {
  cursor=0
  while
    said=$(valkey-cli -e -h 127.0.0.1 --user ${requeueUser} --eval ${scriptPath} , "$cursor" ${requeuePatience} ${interval}) ||
      { printf '%s\\n' "$said" >&2; return 1; }
    cursor=\${said%%[!0-9]*}
    printf '%s\\n' "$said" | tail -n +2
    test "$cursor" != 0
  do :; done
  touch /tmp/looked
}
while :; do
  touch /tmp/alive
  look && pause=${interval} || pause=2
  sleep "$pause" &
  wait
done`;

/** @param config name of the rendered files that the script is among. */
export const requeueContainer = (config: string): ContainerPlan => ({
  name: "requeue",
  image: imageReference(images.valkey),
  command: ["/bin/sh", "-c", loop],
  env: {},
  ports: [],
  files: [
    { path: scriptPath, from: { config, key: "requeue.lua" } },
    { path: passwordPath, from: { secret: "redisUsers", key: "requeue-password" } },
  ],
  writable: [{ path: "/tmp" }],
  volumes: [],
  resources: { cpu: "10m", memory: "32Mi", ephemeralStorage: "32Mi" },
  probes: {
    // Ready when it has once been let in; alive while it goes round, whatever the server says.
    readiness: { check: { exec: ["test", "-e", "/tmp/looked"] }, period: 5, timeout: 3, failures: 3 },
    liveness: {
      check: { exec: ["/bin/sh", "-c", "find /tmp/alive -mmin -5 | grep -q ."] },
      period: 60,
      timeout: 5,
      failures: 3,
    },
  },
});
