/** What is released: the identity that every step hangs on, and the facts that reviewers and policies read. */
import { createHash } from "node:crypto";
import type { Gates, Kinds } from "../../gates/declared.ts";
import type { CheckConfig, SiteConfig, StackConfig } from "../../config/stack.ts";
import { imageReference } from "../image.ts";
import { checksOf } from "./limits.ts";

export interface ReleaseManifest {
  readonly releaseId: string;
  readonly attempt: number;
  readonly strategy: StackConfig["release"]["strategy"];
  /** Id of the release whose code and data this one puts back. */
  readonly rollbackTo?: string;
  readonly gitSha?: string;
  readonly image: string;
  readonly apps: readonly { readonly name: string; readonly version: string }[];
  /** With their settings: the release step is who enforces them. */
  readonly sites: readonly SiteConfig[];
  readonly kinds: Kinds;
  /** What it has to keep to before it may begin; no part of its identity. */
  readonly gates: Gates;
  /** Checks of the stack's own that it has to pass, where there are any; no part of its identity. */
  readonly checks?: readonly Pick<CheckConfig & { readonly name: string }, "name" | "kind" | "site">[];
  /** With strategy canary: the shares of the requests that it goes through. */
  readonly stages?: StackConfig["release"]["canary"]["stages"];
}

export interface ReleasePlan {
  readonly id: string;
  readonly strategy: StackConfig["release"]["strategy"];
  readonly image: string;
  readonly version: string;
  readonly manifest: ReleaseManifest;
}

const hashOf = (facts: unknown): string =>
  createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 10);

/** What a release is made of, by the kind of thing. */
const parts = (config: StackConfig) => ({
  code: {
    digest: config.image.digest,
    apps: Object.entries(config.image.apps),
  },
  sites: config.sites.map(({ domains: _, disposable: __, ...site }) => site).sort((a, b) => (a.name < b.name ? -1 : 1)),
  settings: {
    database: { engine: config.database.engine, mode: config.database.mode },
    bench: { id: config.bench.id, queues: Object.entries(config.bench.queues).sort(([a], [b]) => (a < b ? -1 : 1)) },
  },
});

/**
 * Identity of a release: whatever makes a migration or new code necessary, and nothing else. Replicas, memory, tuning, domains
 * and checks are not in it, so changing them runs no step. The list of keys is a contract: changing it makes every stack release once more.
 */
function releaseId(config: StackConfig): string {
  const { code, sites, settings } = parts(config);
  return hashOf({
    ...code,
    sites,
    ...settings,
    attempt: config.release.attempt,
    // Undefined leaves no trace: a stack that never went back keeps its ids.
    rollbackTo: config.release.rollbackTo,
  });
}

/** Production changes one kind of thing at a time, unless it says otherwise. */
function gatesOf({ environment, release: { gates, proof, exception } }: StackConfig): Gates {
  const { freeze, oneChange = environment === "prod", staging } = gates;
  return {
    ...(freeze !== undefined && { freeze }),
    oneChange,
    ...(staging !== undefined && { staging }),
    ...(proof !== undefined && { proof }),
    ...(exception !== undefined && { exception }),
  };
}

export function planRelease(config: StackConfig): ReleasePlan {
  const id = releaseId(config);
  const image = imageReference(config.image);
  const { strategy, attempt, gitSha, rollbackTo } = config.release;
  const { code, sites, settings } = parts(config);
  const checks = checksOf(config).map(([name, { kind, site }]) => ({ name, kind, site }));
  return {
    id,
    strategy,
    image,
    version: config.image.tag,
    manifest: {
      releaseId: id,
      attempt,
      strategy,
      ...(rollbackTo !== undefined && { rollbackTo }),
      ...(gitSha !== undefined && { gitSha }),
      image,
      apps: Object.entries(config.image.apps).map(([name, version]) => ({ name, version })),
      sites: config.sites,
      kinds: { code: hashOf(code), sites: hashOf(sites), settings: hashOf(settings) },
      gates: gatesOf(config),
      ...(checks.length > 0 && { checks }),
      ...(strategy === "canary" && { stages: config.release.canary.stages }),
    },
  };
}
