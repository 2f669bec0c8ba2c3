/**
 * Checks in images of their own: for each a template that its Job is made from while a release is verified (operate/checks.ts), whose pod has
 * its own door to the site.
 */
import type { CheckConfig } from "../../config/stack.ts";
import { checkComponent, checkTemplate, checkVariables } from "../../constants/checks.ts";
import { benchUser, type BenchContext } from "../bench/context.ts";
import { imageReference } from "../image.ts";
import { component, databasePeer, redisTarget, tcp } from "../network.ts";
import type { RedisPlan } from "../redis.ts";
import { emptyRoom, type RoomPlan } from "../room.ts";
import type { ConfigFilesPlan, ContainerPlan, Flow, ScheduledPlan } from "../types.ts";
import { door, doorAddress, doorFiles } from "./door.ts";
import { checksOf } from "./limits.ts";

type ImageCheck = Extract<CheckConfig, { kind: "image" }>;
interface Named extends ImageCheck {
  readonly name: string;
}

/** Seconds between the first request to end and the kill. */
const stopGrace = 10;

const container = (
  { release }: BenchContext,
  { image, command, env, site, user, resources }: Named,
): ContainerPlan => ({
  name: checkComponent,
  image: imageReference(image),
  command: command ?? [],
  env: {
    // The image's home is read-only.
    HOME: "/tmp",
    ...env,
    [checkVariables.url]: doorAddress(site),
    [checkVariables.base]: doorAddress(site),
    [checkVariables.site]: site,
    [checkVariables.release]: release.id,
  },
  ports: [],
  files: [],
  // Browsers share pictures in memory.
  writable: [{ path: "/tmp" }, { path: "/dev/shm", medium: "memory" }],
  volumes: [],
  resources,
  probes: {},
  ...(user !== benchUser && { user }),
});

const template = (context: BenchContext, check: Named): ScheduledPlan => ({
  name: checkTemplate(check.name),
  room: "release",
  component: checkComponent,
  scope: "release",
  user: benchUser,
  version: context.release.version,
  // What no clock starts needs a time all the same.
  schedule: "0 0 1 1 *",
  suspended: true,
  // The follower ends the program at its own limit; Kubernetes counts from the moment at which the pod has no node yet.
  timeLimit: check.timeout + context.config.release.readyTimeout,
  startDeadline: 3600,
  stopGrace,
  setup: [],
  sidecars: door(context, check.name, check.site),
  containers: [container(context, check)],
  loopbackHosts: [check.site],
  mountsSites: true,
  holdsData: false,
});

/** What its door asks. Nothing leads outside: neither mail nor a webhook of the site's. */
function flows({ database }: BenchContext, redis: RedisPlan): Flow[] {
  const from = component(checkComponent);
  return [
    { from, to: databasePeer(database), ports: tcp(database.port), why: "data, and whether it may still be verified" },
    ...(["cache", "queue"] as const).map((role) => ({
      from,
      ...redisTarget(redis, role),
      why: role === "cache" ? "cache" : "jobs and events",
    })),
  ];
}

/**
 * @param shared Rendered files of the bench that Frappe reads.
 * @param reader Text of the program that reads the ledger.
 */
export function planChecks(context: BenchContext, redis: RedisPlan, shared: ConfigFilesPlan, reader: string): RoomPlan {
  const checks = checksOf(context.config).flatMap(([name, check]): Named[] =>
    check.kind === "image" ? [{ name, ...check }] : [],
  );
  return checks.length === 0
    ? emptyRoom
    : {
        ...emptyRoom,
        files: doorFiles(context, checks, shared, reader),
        scheduled: checks.map((check) => template(context, check)),
        flows: flows(context, redis),
      };
}
