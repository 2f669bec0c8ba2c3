import assert from "node:assert/strict";
import { ports } from "../../constants/ports.ts";
import { labels } from "../../constants/labels.ts";
import { steps as submitted } from "../../operate/step-log.ts";
import { releaseNeedsVerifiedBackup as rule } from "../../policies/release-needs-verified-backup.ts";
import { commandName, steps } from "../../policies/shared/steps.ts";
import { assertSaid, judgeStack, unknownList, unknownObject, unknownText } from "./judged.ts";
import { released, releaseId, releaseStack, service, step, template, without } from "./release-samples.ts";
import { type Loose, object, pods, workload } from "./samples.ts";

const said = (change: Parameters<typeof releaseStack>[0]) => judgeStack(rule, releaseStack(change));
const remedy = String.raw`\. Let components/release order it: prepare, backup, migrate`;

describe("frappe-release-needs-verified-backup", () => {
  it("takes a release in its order, and says nothing of what belongs to none", () => {
    assert.deepEqual(
      said(() => {}),
      [],
    );
  });

  it("takes what waits by way of others for what waits", () => {
    assert.deepEqual(
      said((stack) => {
        stack["config"] = { ...object("core/v1:ConfigMap", {}, { name: "config" }), dependsOn: ["release-migrate"] };
        stack["web"].dependsOn = ["config"];
      }),
      [],
    );
  });

  it("knows the steps that the operator's side submits", () => {
    assert.deepEqual([...steps], [...submitted]);
  });

  for (const name of steps.map(commandName)) {
    it(`wants ${name} in every stack with a workload of a release or a manifest`, () => {
      assertSaid(
        said((stack) => without(stack, name)),
        new RegExp(`^web: the stack has no Command ${name}${remedy}`),
      );
      assertSaid(
        said((stack) => without(stack, name, "web", "nginx")),
        new RegExp(`^release-facts: the stack has no Command ${name}${remedy}`),
      );
    });
  }

  it("counts only Commands of their own name, and each once", () => {
    assertSaid(
      said((stack) => void (stack["release-backup"].type = "command:remote:Command")),
      /no Command release-backup/,
    );
    assertSaid(
      said((stack) => {
        stack["again"] = { ...step("confirm"), urn: "urn:other", dependsOn: ["nginx-service"] };
      }),
      /^release-confirm: 2 Commands are called release-confirm/,
    );
  });

  const unordered: readonly (readonly [what: string, later: string, dependsOn: string[], ...said: RegExp[]])[] = [
    ["a backup before the checks", "release-backup", [], /^release-backup: it does not wait for release-prepare/],
    ["a migration without a backup", "release-migrate", [], /^release-migrate: it does not wait for release-backup/],
    [
      "a migration that skips the backup",
      "release-migrate",
      ["release-prepare"],
      /^release-migrate: it does not wait for release-backup/,
    ],
    ["new code before the migration", "web", ["release-backup"], /^web: it does not wait for release-migrate/],
    [
      "a check of only a part of the release",
      "release-verify",
      ["web"],
      /^release-verify: it does not wait for nginx\. /,
    ],
    [
      "traffic before the check",
      "nginx-service",
      ["web", "nginx"],
      /^nginx-service: it does not wait for release-verify/,
      /^release-confirm: it does not wait for release-verify/,
    ],
    [
      "open writes before the traffic has moved",
      "release-confirm",
      ["release-verify"],
      /^release-confirm: it does not wait for nginx-service/,
    ],
    [
      "open writes at the beginning",
      "release-confirm",
      [],
      /^release-confirm: it does not wait for release-verify/,
      /^release-confirm: it does not wait for nginx-service/,
    ],
  ];
  for (const [what, later, dependsOn, ...problems] of unordered) {
    it(`refuses ${what}`, () => {
      assertSaid(
        said((stack) => void (stack[later].dependsOn = dependsOn)),
        ...problems,
      );
    });
  }

  it("refuses a check that waits for no migration where there is no workload yet", () => {
    assertSaid(
      said((stack) => {
        for (const name of ["web", "nginx"]) delete stack[name];
      }),
      /^release-verify: it does not wait for release-migrate/,
    );
  });

  it("does not count what stands in another stack", () => {
    assertSaid(
      said((stack) => void (stack["web"].dependsOn = ["elsewhere"])),
      /^web: it does not wait for release-migrate/,
    );
  });

  it("holds for every kind that makes pods, by the label of the pods or of the object", () => {
    for (const [index, given] of pods((one) => void (one.metadata.labels[labels.release] = releaseId)).entries()) {
      const made = { ...given, name: `made-${index}`, dependsOn: [] };
      assertSaid(
        said((stack) => {
          stack["made"] = made;
          stack["release-verify"].dependsOn.push("made");
        }),
        new RegExp(`^made-${index}: it does not wait for release-migrate`),
      );
    }
    const outside = workload();
    (outside.props as Loose).metadata.labels = { [labels.release]: releaseId };
    assertSaid(
      said((stack) => {
        stack["outside"] = { ...outside, name: "outside", dependsOn: [] };
        stack["release-verify"].dependsOn.push("outside");
      }),
      /^outside: it does not wait for release-migrate/,
    );
  });

  it("takes a CronJob for the steps' template only while no clock starts it", () => {
    for (const suspend of [false, undefined, unknownText]) {
      assertSaid(
        said((stack) => {
          stack["release"] = { ...template((spec) => void (spec.suspend = suspend)), dependsOn: [] };
        }),
        /^release: it does not wait for release-migrate/,
      );
    }
  });

  it("takes nothing else for a template, whatever it says of itself", () => {
    const job = object("batch/v1:Job", {
      metadata: { labels: { [labels.release]: releaseId } },
      spec: { suspend: true, template: {} },
    });
    assertSaid(
      said((stack) => {
        stack["job"] = { ...job, name: "job", dependsOn: [] };
        stack["release-verify"].dependsOn.push("job");
      }),
      /^job: it does not wait for release-migrate/,
    );
  });

  it("takes a workload whose labels a preview does not know for one of the release", () => {
    for (const change of [
      (one: Loose) => void (one.metadata.labels[labels.release] = unknownText),
      (one: Loose) => void (one.metadata.labels = unknownObject),
      (one: Loose) => void (one.metadata = unknownObject),
    ]) {
      assertSaid(
        said((stack) => {
          stack["hidden"] = { ...workload(change), name: "hidden", dependsOn: [] };
        }),
        /^hidden: it does not wait for release-migrate/,
        /^release-verify: it does not wait for hidden/,
      );
    }
  });

  it("takes a Service for one that moves unless it is named after its own release", () => {
    const moving = [
      service("other", { [labels.release]: releaseId }),
      service("other", { [labels.release]: unknownText }),
      service("other", unknownObject),
      service(`other-${releaseId}`, { [labels.release]: "another" }),
      service(`other-${releaseId}-`, { [labels.release]: releaseId }),
      object("core/v1:Service", { spec: { selector: { [labels.release]: releaseId } } }, { name: "other-service" }),
    ];
    for (const given of moving) {
      assertSaid(
        said((stack) => void (stack["other"] = { ...given, dependsOn: [] })),
        /^other(?:-\w+-?)?-service: it does not wait for release-verify/,
        /^release-confirm: it does not wait for other(?:-\w+-?)?-service/,
      );
    }
  });

  it("lets a Service move early that leads sets to each other and nobody else anywhere", () => {
    const peers = (...taken: unknown[]) => {
      const spec = { selector: { [labels.release]: releaseId }, ports: taken.map((port) => ({ port })) };
      const given = object("core/v1:Service", { metadata: { name: "newest" }, spec }, { name: "newest-service" });
      return said((stack) => void (stack["newest"] = { ...given, dependsOn: ["release-migrate"] }));
    };
    assert.deepEqual(peers(ports.nginxPeer), []);
    const late = [
      /^newest-service: it does not wait for release-verify/,
      /^release-confirm: it does not wait for newest-service/,
    ];
    assertSaid(peers(ports.nginxPeer, ports.nginx), ...late);
    assertSaid(peers(ports.nginxInternal), ...late);
    assertSaid(peers(unknownText), ...late);
    assertSaid(peers(), ...late);
  });

  it("refuses a declared route to a release's own address, or to the newest set: shares are given while a release is tried", () => {
    const peers = {
      metadata: { name: "nginx-canary" },
      spec: { selector: { [labels.release]: releaseId }, ports: [{ port: ports.nginxPeer }] },
    };
    const leads = (...names: unknown[]) =>
      said((stack) => {
        const rules = [{ backendRefs: names.map((name) => ({ name, weight: 1 })) }];
        stack["own"] = { ...service(`nginx-${releaseId}`, { [labels.release]: releaseId }), dependsOn: [] };
        stack["newest"] = { ...object("core/v1:Service", peers, { name: "newest" }), dependsOn: [] };
        stack["route"] = {
          ...object("gateway.networking.k8s.io/v1:HTTPRoute", { spec: { rules } }, { name: "route" }),
          dependsOn: [],
        };
      });
    assert.deepEqual(leads("nginx"), []);
    assert.deepEqual(leads("somebody-elses"), []);
    assertSaid(leads("nginx", `nginx-${releaseId}`), /^route: it leads to "nginx-0a1b2c3d4e", a release's own address/);
    assertSaid(leads("nginx-canary"), /^route: it leads to "nginx-canary", a release's own address/);
  });

  it("does not take a selector of something else for a Service's", () => {
    const other = object("example.com/v1:Thing", { spec: { selector: { [labels.release]: releaseId } } });
    assert.deepEqual(
      said((stack) => void (stack["other"] = { ...other, dependsOn: [] })),
      [],
    );
  });

  it("refuses to open writes where no Service moves to the release", () => {
    assertSaid(
      said((stack) => {
        delete stack["nginx-service"];
        stack["release-confirm"].dependsOn = ["release-verify"];
      }),
      /^release-confirm: no Service moves to the release/,
    );
  });

  it("refuses a step that is triggered by another release than its workloads'", () => {
    assertSaid(
      said((stack) => void (stack["release-migrate"].props.triggers = ["before"])),
      /^release-migrate: its trigger is "before", and web belongs to the release "0a1b2c3d4e"\. /,
    );
    assertSaid(
      said((stack) => void delete stack["release-backup"].props.triggers),
      /^release-backup: its trigger is missing, and web belongs/,
    );
    assert.equal(
      said((stack) => void (stack["web"] = { ...released("web", "other"), dependsOn: ["release-migrate"] })).length,
      steps.length,
    );
  });

  it("leaves a trigger that only the update will know to the rule that judges it before the step is run", () => {
    for (const triggers of [[unknownText], unknownList]) {
      assert.deepEqual(
        said((stack) => void (stack["release-migrate"].props.triggers = triggers)),
        [],
      );
    }
  });

  it("has nothing to say of a stack without a release", () => {
    assert.deepEqual(judgeStack(rule, [workload(), object("core/v1:Namespace", {}), service("web", { a: "b" })]), []);
    assert.deepEqual(judgeStack(rule, []), []);
  });
});
