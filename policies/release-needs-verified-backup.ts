/**
 * New code comes after the migration, the migration after a backup that was restored and compared (the runner's step `backup` does not
 * end otherwise), traffic after the checks, and writes open last. The order of the steps is in the dependencies of the resources; that
 * each does its work is the runner's to prove.
 */
import { labels } from "../constants/labels.ts";
import { ports } from "../constants/ports.ts";
import { at, items, notKnown, shown, text } from "./shared/known.ts";
import { isManifest } from "./shared/manifest.ts";
import { orderOf, type WaitsFor } from "./shared/order.ts";
import { podOf } from "./shared/pods.ts";
import type { Finding, Resource, Rule } from "./shared/rule.ts";
import { commandName, localCommand, type Step, steps } from "./shared/steps.ts";

const labelsOf = (resource: Resource) => at(resource.props, "metadata", "labels");

/** Release that a resource's pods belong to, `notKnown` where it may be any; undefined where it is none's. */
const releaseOf = (resource: Resource): unknown =>
  [podOf(resource)?.labels, labelsOf(resource)]
    .map((held) => at(held, labels.release))
    .find((release) => release !== undefined);

/** A suspended CronJob starts nothing by itself: the steps' own Jobs are made from it. */
const isTemplate = ({ kind, props }: Resource) => kind === "batch/CronJob" && at(props, "spec", "suspend") === true;

const runsRelease = (resource: Resource) =>
  podOf(resource) !== undefined && !isTemplate(resource) && releaseOf(resource) !== undefined;

/** It leads sets of the bench to each other's assets and no visitor anywhere: network policies open that port to nginx alone. */
function isForPeers(service: Resource): boolean {
  const taken = items(at(service.props, "spec", "ports"));
  return taken.length > 0 && taken.every((port) => at(port, "port") === ports.nginxPeer);
}

/**
 * A Service that a release moves to itself: it selects one release's pods, and its own name is no release's. One that is named after
 * its release leads nobody to it who does not belong to it.
 */
function moves(service: Resource): boolean {
  const { kind, props } = service;
  const release = at(props, "spec", "selector", labels.release);
  const isNamedAfterIt = text(at(props, "metadata", "name"))?.endsWith(`-${text(release) ?? ""}`) === true;
  return kind === "core/Service" && release !== undefined && !isNamedAfterIt && !isForPeers(service);
}

/** A Service of one release's own, which moves nowhere. */
const isOwn = (service: Resource) =>
  service.kind === "core/Service" &&
  at(service.props, "spec", "selector", labels.release) !== undefined &&
  !moves(service);

/** A share of a canary is its release's to give and to take back: declared, it would not wait for the checks, and would stay. */
function shared(resources: readonly Resource[]): Finding[] {
  const own = resources.filter(isOwn).map(({ props }) => at(props, "metadata", "name"));
  return resources
    .filter(({ kind }) => /^gateway\.networking\.k8s\.io\/\w+Route$/.test(kind))
    .flatMap((resource) =>
      items(at(resource.props, "spec", "rules"))
        .flatMap((rule) => items(at(rule, "backendRefs")))
        .map((backend) => at(backend, "name"))
        .filter((name) => own.includes(name))
        .map((name) => ({
          resource,
          problem: `it leads to ${shown(name)}, a release's own address: requests would not wait for the step verify`,
        })),
    );
}

type Commands = Readonly<Partial<Record<Step, Resource>>>;

/** Finds each step's Command. One that is missing, or there twice, is a problem of the first resource that tells of a release. */
function commandsOf(all: readonly Resource[], first: Resource): { commands: Commands; problems: Finding[] } {
  const named = steps.map((step) => ({
    step,
    found: all.filter(({ type, name }) => type === localCommand && name === commandName(step)),
  }));
  const problem = (step: Step, count: number) =>
    count === 0 ? `the stack has no Command ${commandName(step)}` : `${count} Commands are called ${commandName(step)}`;
  return {
    commands: Object.fromEntries(named.flatMap(({ step, found: [one] }) => (one === undefined ? [] : [[step, one]]))),
    problems: named
      .filter(({ found }) => found.length !== 1)
      .map(({ step, found }) => ({ resource: found[0] ?? first, problem: problem(step, found.length) })),
  };
}

/** A step whose trigger names another release has run for that one, and will not run for these workloads. */
function strangers(command: Resource, released: readonly Resource[]): Finding[] {
  const triggers = at(command.props, "triggers");
  const trigger = triggers === notKnown ? notKnown : items(triggers)[0];
  const isOther = (release: unknown) => release !== notKnown && release !== trigger;
  const other = trigger === notKnown ? undefined : released.find((one) => isOther(releaseOf(one)));
  if (other === undefined) {
    return [];
  }
  const problem = `its trigger is ${shown(trigger)}, and ${other.name} belongs to the release ${shown(releaseOf(other))}`;
  return [{ resource: command, problem }];
}

function unordered(
  { prepare, backup, migrate, verify, confirm }: Commands,
  released: readonly Resource[],
  services: readonly Resource[],
  waitsFor: WaitsFor,
): Finding[] {
  const after = (later: Resource | undefined, earlier: Resource | undefined): Finding[] =>
    later === undefined || earlier === undefined || waitsFor(later, earlier)
      ? []
      : [{ resource: later, problem: `it does not wait for ${earlier.name}` }];
  const unmoved = confirm !== undefined && services.length === 0;
  return [
    ...after(backup, prepare),
    ...after(migrate, backup),
    ...released.flatMap((one) => after(one, migrate)),
    ...after(verify, migrate),
    ...released.flatMap((one) => after(verify, one)),
    ...services.flatMap((service) => after(service, verify)),
    ...after(confirm, verify),
    ...services.flatMap((service) => after(confirm, service)),
    ...(unmoved
      ? [{ resource: confirm, problem: "no Service moves to the release, and it opens writes all the same" }]
      : []),
  ];
}

export const releaseNeedsVerifiedBackup: Rule = {
  name: "frappe-release-needs-verified-backup",
  description: "No release without a verified backup before it, a check behind it, and traffic and writes after that.",
  remedy:
    "Let components/release order it: prepare, backup, migrate, the release's workloads, verify, the edge's Service, confirm",
  judgeStack: (resources) => {
    const released = resources.filter(runsRelease);
    const [first] = [...released, ...resources.filter(isManifest)];
    if (first === undefined) {
      return [];
    }
    const { commands, problems } = commandsOf(resources, first);
    const services = resources.filter(moves);
    return [
      ...problems,
      ...Object.values(commands).flatMap((command) => strangers(command, released)),
      ...shared(resources),
      ...unordered(commands, released, services, orderOf(resources)),
    ];
  },
};
