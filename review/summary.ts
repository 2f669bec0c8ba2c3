/** What a preview comes to, in Frappe's terms: for a reviewer with one minute. Pure. */
import { labels } from "../constants/labels.ts";
import { rebuildable } from "../constants/rebuildable.ts";
import { isCodeOnly, type Strategy } from "../constants/strategies.ts";
import type { Events, ResourceState, Step } from "./events.ts";
import { gateLines, type Gated } from "./gates.ts";
import { policyLines } from "./policies.ts";

export interface Circumstances {
  readonly stack: string;
  readonly failed: boolean;
  /** Why no cluster was asked; undefined where one was. */
  readonly offline: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** As topology/release/identity.ts writes it. */
interface Manifest extends Gated {
  readonly attempt: number;
  readonly strategy: Strategy;
  readonly checks?: readonly { readonly name: string; readonly kind: CheckKind; readonly site: string }[];
  readonly stages?: readonly { readonly weight: number; readonly minutes: number }[];
  readonly sites: readonly {
    readonly name: string;
    readonly state: string;
    readonly apps: readonly string[];
    readonly domains: readonly string[];
  }[];
}

/** How a new release takes the old one's place. */
const comesUp: Readonly<Record<Manifest["strategy"], string>> = {
  blueGreen: "the bench comes up anew beside the old one, traffic moves last",
  recreate: "the old bench goes when the sites are migrated, and they are down until the new one has come up",
  rolling: "the bench comes up anew beside the old one on the same schema, which is checked; traffic moves last",
  canary:
    "the bench comes up anew beside the old one on the same schema, which is checked; a share of the requests tries it before traffic moves",
};

/** What a new release does, step by step (components/release). */
const stepsTaken = (strategy: Strategy): string =>
  isCodeOnly(strategy)
    ? "  steps      prepare, backup (each site, verified), migrate (nothing: writes stay open), verify (the new bench), confirm; what fails goes back"
    : "  steps      prepare, backup (each site, verified), migrate (writes closed), verify (the new bench), confirm (writes open); what fails goes back";

type CheckKind = "bench" | "script" | "image";

/** What a check is, and what it leaves on its site. */
const checkedBy: Readonly<Record<CheckKind, string>> = {
  bench: "by a command of bench; what it writes there stays",
  script: "by a script, which is rolled back",
  image: "by a program in an image of its own; what it does there stays",
};

/** What a rollback on purpose costs. */
const givesUp =
  ": each site gets the data of the moment at which that release was left; what was written since goes into a backup of its own";

/** Sites that are named one by one; the rest is counted. */
const namedSites = 20;

const changing = new Set([
  "create",
  "update",
  "replace",
  "create-replacement",
  "delete-replaced",
  "delete",
  "read",
  "import",
]);
/** Operations after which the resource that was there is gone. */
const ending = new Set(["delete", "replace", "delete-replaced"]);

const metadata = (state: ResourceState | undefined) =>
  (state?.inputs?.["metadata"] ?? {}) as { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
const label = (state: ResourceState | undefined, key: string) => metadata(state).labels?.[key];
const stateOf = (step: Step) => step.new ?? step.old;
const kind = (type: string) => type.split(":").at(-1) ?? type;
/** Whatever a name or a message holds, it stays on its line and does nothing to the terminal. */
const printable = (line: string) => line.replace(/\p{Cc}+/gu, " ");
const logicalName = (urn: string) => urn.split("::").at(-1) ?? urn;

/** The component that a resource stands in: `…$frappe:bench:Bench$kubernetes:…` → bench. */
function room({ urn }: Step): string {
  const chain = urn.split("::")[2]?.split("$") ?? [];
  const own = chain.filter((token) => token.startsWith("frappe:")).at(-1);
  return own?.split(":")[1] ?? "stack";
}

const isData = (step: Step) =>
  label(stateOf(step), labels.holdsData) === "true" ||
  label(step.old, labels.holdsData) === "true" ||
  (step.type === "random:index/randomPassword:RandomPassword" &&
    !rebuildable.passwords.some((name) => name === logicalName(step.urn)));

/** One step a resource: a replacement is reported by the engine as three. */
function operations(steps: readonly Step[]): Map<string, Step> {
  const byUrn = new Map<string, Step>();
  for (const step of steps) {
    const earlier = byUrn.get(step.urn);
    if (step.op === "replace" || earlier === undefined || earlier.op === "same") {
      byUrn.set(step.urn, step);
    }
  }
  return byUrn;
}

function counted(items: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const item of items) {
    counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([item, count]) => `${item} ${count}`)
    .join(", ");
}

function manifestOf(state: ResourceState | undefined): Manifest | undefined {
  const text = (state?.inputs?.["data"] as Readonly<Record<string, string>> | undefined)?.["release.json"];
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

function releaseLines(steps: readonly Step[], now: number): string[] {
  const step = steps.find(
    (candidate) =>
      candidate.new && label(candidate.new, labels.releaseManifest) === "true" && candidate.op !== "delete",
  );
  const manifest = manifestOf(step?.new);
  if (step === undefined || manifest === undefined) {
    return ["  release    none in this preview"];
  }
  // What else the manifest says, such as domains, changes it and makes no release.
  const before = manifestOf(step.old);
  const stays = step.op === "same" || before?.releaseId === manifest.releaseId;
  const changed = stays ? "unchanged" : `new: ${comesUp[manifest.strategy]}`;
  const sites = manifest.sites.slice(0, namedSites).map(({ name, apps, domains, state }) => {
    const also = domains.length > 0 ? `, also ${domains.join(", ")}` : "";
    return `  site       ${name}  [${apps.join(", ")}]${also}${state === "archived" ? "  ARCHIVED" : ""}`;
  });
  const more = manifest.sites.length - namedSites;
  const { rollbackTo, checks = [], stages = [] } = manifest;
  const shares = stages.map(({ weight, minutes }) => `${weight} % for ${minutes} min`).join(", ");
  return [
    `  release    ${manifest.releaseId} (attempt ${manifest.attempt}, ${manifest.strategy}), ${changed}`,
    ...(stays ? [] : [stepsTaken(manifest.strategy)]),
    // What comes back has stood before them.
    ...(stays || rollbackTo !== undefined
      ? []
      : checks.map(({ name, kind, site }) => `  check      ${name} of ${site}, ${checkedBy[kind]}`)),
    ...(stays || shares === "" ? [] : [`  canary     of all requests ${shares}; back by itself where it does worse`]),
    ...(rollbackTo === undefined ? [] : [`  back to    ${rollbackTo}${stays ? ", where it went" : givesUp}`]),
    ...gateLines(before, manifest, now),
    `  image      ${manifest.image}`,
    ...sites,
    ...(more > 0 ? [`             … and ${more} more sites`] : []),
  ];
}

const lifetime = (state: ResourceState | undefined) =>
  [
    state?.protect === true ? "protected" : "NOT protected",
    state?.retainOnDelete === true ? "retained" : "deleted with the stack",
  ].join(", ");

function dataLines(steps: readonly Step[]): string[] {
  const data = steps.filter(isData);
  return data.map((step) => `  holds data ${kind(step.type)} ${logicalName(step.urn)}: ${lifetime(stateOf(step))}`);
}

function warnings(steps: readonly Step[]): string[] {
  return steps
    .filter((step) => ending.has(step.op) && isData(step))
    .map((step) => `  STOP       ${step.op} of ${kind(step.type)} ${logicalName(step.urn)}, which holds data`);
}

/** What stands in the cluster already is not refused: the provider is told so (components/stack.ts). */
const takesOver = (steps: readonly Step[]): boolean =>
  steps.some(
    ({ type, new: state }) =>
      type === "pulumi:providers:kubernetes" && String(state?.inputs?.["upsertExistingObjects"]) === "true",
  );

/** The summary, ready to print. */
export function summarise(events: Events, { stack, failed, offline, now }: Circumstances): string {
  const all = [...operations(events.steps).values()];
  const changed = all.filter(({ op }) => changing.has(op));
  const lines = [
    "",
    `Summary of ${stack}`,
    ...releaseLines(all, now),
    ...dataLines(all),
    ...(takesOver(all)
      ? ["  takes over objects that stand in the cluster already, and whatever others have set on them (adoptExisting)"]
      : []),
    `  operations ${counted(all.map(({ op }) => op)) || "none"}`,
    `  by room    ${counted(changed.map(room)) || "nothing changes"}`,
    ...warnings(all),
    ...policyLines(events),
    ...(offline === undefined
      ? []
      : [
          `  offline    no cluster was asked (${offline}): compared with an empty state, by the provider's rules for inputs alone`,
        ]),
    ...(failed ? ["  FAILED     the preview did not end well; see above"] : []),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}
