import assert from "node:assert/strict";
import { checkVariables } from "../../constants/checks.ts";
import { paths } from "../../constants/paths.ts";
import type { ReaderConfig } from "../../release/reader/config.ts";
import type { ContainerPlan, ScheduledPlan } from "../../topology/types.ts";
import { apiRules } from "../judges/api-rules.ts";
import { podTemplateOf } from "../judges/kubernetes-object.ts";
import { testNginx } from "../judges/nginx.ts";
import { hardeningViolations, restrictedViolations } from "../judges/pod-security.ts";
import { planOf, recordStack } from "../support/record-stack.ts";
import { type Change, stackNames, type StackName } from "../support/stacks.ts";

const digest = `sha256:${"a".repeat(64)}`;
const pin = { repository: "ghcr.io/example/erp-tests", tag: "v7", digest };

/** A check of the first site, which may be written to. */
const withCheck =
  (more: object = {}): Change =>
  (values) => {
    const at = 0;
    values["sites"][at].disposable = true;
    values["release"] = {
      ...values["release"],
      checks: { browser: { kind: "image", site: values["sites"][at].name, image: pin, ...more } },
    };
  };
const siteOf = (stack: StackName) => planOf(stack).sites[0]?.name ?? "";

function templateOf(stack: StackName, change: Change = withCheck()): ScheduledPlan {
  const template = planOf(stack, change).steps.scheduled.find(({ name }) => name === "check-browser");
  assert.ok(template);
  return template;
}
const sidecar = (stack: StackName, name: string): ContainerPlan => {
  const found = templateOf(stack).sidecars?.find((each) => each.name === name);
  assert.ok(found);
  return found;
};
const doorFiles = (stack: StackName) =>
  planOf(stack, withCheck()).steps.files.find(({ name }) => name === "check-door")?.files ?? {};

describe("topology/release: a check in an image of its own", () => {
  it("is in the release's manifest, for reviewers, and no part of its identity", () => {
    const [without, given] = [planOf("prod").release, planOf("prod", withCheck()).release];
    assert.deepEqual(given.manifest.checks, [{ name: "browser", kind: "image", site: siteOf("prod") }]);
    assert.deepEqual(["checks" in without.manifest, given.id], [false, without.id]);
  });

  it("is a template that no clock starts, of the release, beside the steps' own", () => {
    const { containers, sidecars, ...template } = templateOf(
      "prod",
      withCheck({ timeout: 900, command: ["npx", "x"] }),
    );
    assert.deepEqual(template, {
      ...{ name: "check-browser", room: "release", component: "check", scope: "release", user: 1000 },
      ...{ version: "v16.33.0", schedule: "0 0 1 1 *", suspended: true, timeLimit: 1500, startDeadline: 3600 },
      ...{ stopGrace: 10, setup: [], loopbackHosts: [siteOf("prod")], mountsSites: true, holdsData: false },
    });
    assert.deepEqual(
      sidecars?.map(({ name }) => name),
      ["web", "nginx"],
    );
    const [container, ...others] = containers;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [container?.image, container?.command, container?.volumes, container?.files, container?.user],
      [`ghcr.io/example/erp-tests:v7@${digest}`, ["npx", "x"], [], [], undefined],
    );
    assert.deepEqual(templateOf("prod").containers[0]?.command, [], "the image's own program");
    assert.equal(templateOf("prod", withCheck({ user: 1001 })).containers[0]?.user, 1001);
  });

  it("knows where the site is, and what it is for; and nothing secret is given to it", () => {
    const { env } = templateOf("prod", withCheck({ env: { LOCALE: "de" } })).containers[0] ?? {};
    const url = `http://${siteOf("prod")}:8080`;
    assert.deepEqual(env, {
      ...{ HOME: "/tmp", LOCALE: "de", [checkVariables.url]: url, [checkVariables.base]: url },
      ...{ [checkVariables.site]: siteOf("prod"), [checkVariables.release]: planOf("prod").release.id },
    });
  });

  it("makes no other release, and stands nowhere that has no such check", () => {
    for (const stack of stackNames) {
      assert.equal(planOf(stack, withCheck()).release.id, planOf(stack).release.id);
      assert.ok(planOf(stack).steps.scheduled.every(({ component }) => component !== "check"));
      assert.ok(planOf(stack).steps.files.every(({ name }) => !name.startsWith("check-")));
    }
  });

  it("has the time of its program, and that of each pod to start, while its release is held", () => {
    const hold = (change?: Change) =>
      (
        JSON.parse(
          planOf("prod", change).steps.files.find(({ name }) => name === "release-job")?.files["job.json"] ?? "",
        ) as { limits: { hold: number } }
      ).limits.hold;
    assert.equal(hold(withCheck({ timeout: 900 })) - hold(), 900 + 2 * planOf("prod").readyTimeout);
  });

  it("may ask the database and Redis, and nobody else; nobody may ask it", () => {
    for (const stack of stackNames) {
      const { flows } = planOf(stack, withCheck()).network;
      const its = (peer: object) => "component" in peer && peer.component === "check";
      assert.deepEqual(
        flows.filter(({ from }) => its(from)).map(({ why }) => why),
        ["data, and whether it may still be verified", "cache", "jobs and events"],
      );
      assert.ok(!flows.some(({ to }) => its(to)));
    }
  });

  describe("its door", () => {
    it("is a web on loopback alone, of the release's own image, which its guard ends in seconds", () => {
      const { command, env, image } = sidecar("prod", "web");
      assert.equal(image, planOf("prod").release.image);
      assert.deepEqual(command.slice(0, 3), ["node", "/opt/frappe/reader.cjs", "run"]);
      assert.ok(command.includes("--bind=127.0.0.1:8000"));
      assert.equal(command.at(-1), "door:application");
      assert.deepEqual([env["LEDGER_ROLE"], env["CHECK_SITE"]], ["door", siteOf("prod")]);
      const { pace, release } = JSON.parse(doorFiles("prod")["ledger.json"] ?? "") as ReaderConfig;
      assert.deepEqual(pace, { waiting: 2, running: 2, grace: 2, patience: 5 });
      assert.equal(release, planOf("prod").release.id);
    });

    it("mounts no file that nothing renders, and no port is offered", () => {
      for (const stack of stackNames) {
        const { files } = planOf(stack, withCheck()).steps;
        for (const container of [...(templateOf(stack).sidecars ?? []), ...templateOf(stack).containers]) {
          assert.deepEqual(container.ports, []);
          for (const { from } of container.files) {
            if (!("config" in from)) continue;
            const found = files.find(({ name }) => name === from.config);
            assert.ok(Object.hasOwn(found?.files ?? {}, from.key), `${from.config} ${from.key}`);
          }
        }
      }
    });

    it("serves one site and its assets by nginx on loopback alone, without TLS, and asks nobody beside it", () => {
      for (const stack of stackNames) {
        const conf = doorFiles(stack)["browser.conf"] ?? "";
        const listens = conf.match(/^\s*listen .*$/gm) ?? [];
        assert.ok(listens.length > 0 && listens.every((line) => line.includes(" 127.0.0.1:")), listens.join());
        assert.deepEqual(
          new Set(conf.match(/server (?!\{)\S+:\d+/g)),
          new Set(["server 127.0.0.1:8000", "server 127.0.0.1:9000"]),
        );
        assert.match(conf, new RegExp(`^    ${siteOf(stack)} ${siteOf(stack)};$`, "m"));
        assert.match(conf, /location \/assets\//);
        assert.doesNotMatch(conf, /return 301/);
      }
    });

    it("has a file that nginx takes without a complaint", async function () {
      this.timeout(60_000);
      const { ok, output } = await testNginx({
        files: { [paths.nginxConfig]: doorFiles("prod")["browser.conf"] ?? "" },
        config: paths.nginxConfig,
      });
      assert.ok(ok, output);
      assert.doesNotMatch(output, /\[(?:warn|error|emerg|alert)\]/);
    });
  });

  it("starts what it needs first, and ends it with itself; no more may run than anywhere", async () => {
    const { objects } = await recordStack("prod", withCheck({ user: 1001 }));
    const found = objects.find(({ kind, metadata }) => kind === "CronJob" && metadata.name === "check-browser");
    const template = found && podTemplateOf(found)?.template;
    assert.ok(found && template);
    assert.deepEqual([apiRules(found), restrictedViolations(template), hardeningViolations(template)], [[], [], []]);
    const spec = (found?.["spec"] as { jobTemplate: { spec: { template: { spec: PodSpec } } } }).jobTemplate.spec
      .template.spec;
    assert.deepEqual(
      spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
      [
        ["web", "Always"],
        ["nginx", "Always"],
      ],
    );
    assert.ok(spec.initContainers.every(({ startupProbe }) => startupProbe?.exec !== undefined));
    assert.deepEqual(spec.hostAliases, [{ ip: "127.0.0.1", hostnames: [siteOf("prod")] }]);
    assert.equal(spec.automountServiceAccountToken, false);
    const [container] = spec.containers;
    assert.deepEqual([container?.securityContext.runAsUser, container?.securityContext.runAsGroup], [1001, 1001]);
    assert.equal(container?.securityContext.readOnlyRootFilesystem, true);
  });
});

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly hostAliases: unknown;
  readonly initContainers: readonly { name: string; restartPolicy?: string; startupProbe?: { exec?: unknown } }[];
  readonly containers: readonly {
    securityContext: { runAsUser?: number; runAsGroup?: number; readOnlyRootFilesystem?: boolean };
  }[];
}
