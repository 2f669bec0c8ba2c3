import assert from "node:assert/strict";
import { pssRestricted as rule } from "../../policies/pss-restricted.ts";
import { assertSaid, judge, unknownList, unknownObject, unknownText } from "./judged.ts";
import { type Loose, object, pods, withContainer, withSetup, workload } from "./samples.ts";

type Defect = readonly [what: string, change: (value: Loose) => void, problem: RegExp];

const podDefects: readonly Defect[] = [
  ["the host's network", (pod) => void (pod.hostNetwork = true), /hostNetwork is on/],
  ["the host's processes", (pod) => void (pod.hostPID = true), /hostPID is on/],
  ["the host's shared memory", (pod) => void (pod.hostIPC = true), /hostIPC is on/],
  ["a host switch that a preview does not know", (pod) => void (pod.hostPID = unknownObject), /hostPID is on/],
  [
    "a folder of the host",
    (pod) => pod.volumes.push({ name: "h", hostPath: { path: "/" } }),
    /volumes\[1\] h: the type hostPath/,
  ],
  ["an NFS volume of its own", (pod) => pod.volumes.push({ name: "n", nfs: {} }), /the type nfs is not allowed/],
  ["volumes that a preview does not know", (pod) => void (pod.volumes = unknownList), /volumes: not known/],
  ["a volume that a preview does not know", (pod) => pod.volumes.push(unknownObject), /volumes\[1\] .*: not known/],
  [
    "a sysctl of the node",
    (pod) => void (pod.securityContext.sysctls = [{ name: "kernel.msgmax" }]),
    /sysctl "kernel\.msgmax"/,
  ],
  ["containers that see each other's processes", (pod) => void (pod.shareProcessNamespace = true), /shareProcessNam/],
  ["files of the root group", (pod) => void (pod.securityContext.fsGroup = 0), /securityContext\.fsGroup is 0/],
  [
    "a group that is not known",
    (pod) => void (pod.securityContext.fsGroup = unknownObject),
    /fsGroup is 0 or not known/,
  ],
  [
    "the root group beside its own",
    (pod) => void (pod.securityContext.supplementalGroups = [1000, 0]),
    /securityContext\.supplementalGroups has 0/,
  ],
  [
    "groups that a preview does not know",
    (pod) => void (pod.securityContext.supplementalGroups = unknownList),
    /supplementalGroups has 0 or is not known/,
  ],
  ["service links", (pod) => void delete pod.enableServiceLinks, /enableServiceLinks is not false/],
];

const eitherDefects: readonly Defect[] = [
  ["root by number", (context) => void (context.runAsUser = 0), /securityContext\.runAsUser is 0/],
  ["the root group", (context) => void (context.runAsGroup = 0), /securityContext\.runAsGroup is 0/],
  ["leave to be root", (context) => void (context.runAsNonRoot = false), /securityContext\.runAsNonRoot is false/],
  [
    "an unconfined AppArmor",
    (context) => void (context.appArmorProfile = { type: "Unconfined" }),
    /appArmorProfile is Unconf/,
  ],
  ["a host process", (context) => void (context.windowsOptions = { hostProcess: true }), /hostProcess is set/],
  [
    "another SELinux type",
    (context) => void (context.seLinuxOptions = { type: "spc_t" }),
    /seLinuxOptions\.type is "spc_t"/,
  ],
  ["an SELinux user", (context) => void (context.seLinuxOptions = { user: "u" }), /seLinuxOptions\.user is set/],
];

const containerDefects: readonly Defect[] = [
  ["privileges", (context) => void (context.privileged = true), /privileged is on/],
  [
    "more privileges",
    (context) => void delete context.allowPrivilegeEscalation,
    /allowPrivilegeEscalation is not false/,
  ],
  [
    "a root file system to write to",
    (context) => void delete context.readOnlyRootFilesystem,
    /readOnlyRootFilesystem is not true/,
  ],
  ["capabilities that are kept", (context) => void delete context.capabilities, /capabilities\.drop is without ALL/],
  ["a capability", (context) => void (context.capabilities.add = ["SYS_ADMIN"]), /capabilities\.add has "SYS_ADMIN"/],
  [
    "capabilities not known",
    (context) => void (context.capabilities.add = unknownList),
    /add has not known in a preview/,
  ],
  ["an unmasked /proc", (context) => void (context.procMount = "Unmasked"), /procMount is not Default/],
];

describe("frappe-pss-restricted", () => {
  it("takes a restricted pod in every kind that makes pods", () => {
    assert.deepEqual(
      pods().flatMap((given) => judge(rule, given)),
      [],
    );
  });

  for (const [what, change, problem] of podDefects) {
    it(`refuses a pod with ${what}`, () => {
      assertSaid(
        judge(
          rule,
          workload((template) => change(template.spec)),
        ),
        problem,
      );
    });
  }

  for (const [what, change, problem] of containerDefects) {
    it(`refuses a container with ${what}, also where it runs first`, () => {
      assertSaid(
        judge(
          rule,
          withContainer((container) => change(container.securityContext)),
        ),
        problem,
      );
      const [first = ""] = judge(
        rule,
        withSetup((setup) => change(setup.securityContext)),
      );
      assert.match(first, /^initContainers\[0\] setup: /);
    });
  }

  for (const [what, change, problem] of eitherDefects) {
    it(`refuses ${what}, in a container's context and in the pod's`, () => {
      assert.match(
        judge(
          rule,
          withContainer((container) => change(container.securityContext)),
        )[0] ?? "",
        problem,
      );
      assert.match(
        judge(
          rule,
          workload((template) => change(template.spec.securityContext)),
        )[0] ?? "",
        problem,
      );
    });
  }

  for (const field of ["runAsNonRoot", "runAsUser", "seccompProfile"]) {
    it(`takes ${field} from the pod or from the container, and refuses it where neither has it`, () => {
      const without = workload((template) => void delete template.spec.securityContext[field]);
      assertSaid(judge(rule, without), new RegExp(`securityContext\\.${field} is .*, here or for the pod`));
      const own = workload((template) => {
        const { [field]: value } = template.spec.securityContext;
        delete template.spec.securityContext[field];
        template.spec.containers[0].securityContext[field] = value;
      });
      assert.deepEqual(judge(rule, own), []);
    });
  }

  it("takes the one capability that the standard allows, safe sysctls, and every kind of volume that it allows", () => {
    const allowed = workload(({ spec }) => {
      spec.containers[0].securityContext.capabilities.add = ["NET_BIND_SERVICE"];
      spec.securityContext.sysctls = [
        { name: "net.ipv4.ip_unprivileged_port_start" },
        { name: "net.ipv4.tcp_syncookies" },
      ];
      for (const kind of [
        "configMap",
        "csi",
        "downwardAPI",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
      ]) {
        spec.volumes.push({ name: kind, [kind]: {} });
      }
    });
    assert.deepEqual(judge(rule, allowed), []);
  });

  it("refuses a port of the node and a hook that calls a host", () => {
    assertSaid(
      judge(
        rule,
        withContainer((container) => void (container.ports[0].hostPort = 80)),
      ),
      /hostPort/,
    );
    const hook = withContainer(
      (container) => void (container.lifecycle = { preStop: { httpGet: { host: "a", port: 1 } } }),
    );
    assertSaid(judge(rule, hook), /lifecycle\.preStop names a host/);
  });

  it("refuses an annotation that lets AppArmor go, and takes the two that do not", () => {
    const annotated = (value: string) =>
      workload((template) => {
        template.metadata.annotations = { "container.apparmor.security.beta.kubernetes.io/web": value };
      });
    assertSaid(judge(rule, annotated("unconfined")), /lets AppArmor go/);
    assert.deepEqual(
      ["runtime/default", "localhost/x"].flatMap((value) => judge(rule, annotated(value))),
      [],
    );
  });

  it("refuses a pod that a preview cannot see into", () => {
    assertSaid(
      judge(
        rule,
        workload((template) => void (template.spec.containers[0] = unknownObject)),
      ),
      /not known/,
    );
  });

  it("refuses a namespace for each of the three labels that is missing, weaker or not known", () => {
    const full = Object.fromEntries(
      ["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
    );
    const namespace = (labels: object) => object("core/v1:Namespace", { metadata: { labels } });
    assert.deepEqual(judge(rule, namespace(full)), []);
    for (const label of Object.keys(full)) {
      assertSaid(judge(rule, namespace({ ...full, [label]: "baseline" })), /is "baseline", not "restricted"/);
      assertSaid(judge(rule, namespace({ ...full, [label]: undefined })), /is missing, not "restricted"/);
      assertSaid(judge(rule, namespace({ ...full, [label]: unknownObject })), /is not known in a preview/);
    }
    assert.equal(judge(rule, object("core/v1:Namespace", {})).length, 3);
    const enforced = "pod-security.kubernetes.io/enforce-version";
    assert.deepEqual(judge(rule, namespace({ ...full, [enforced]: "latest" })), []);
    for (const old of ["v1.0", unknownText]) {
      assertSaid(judge(rule, namespace({ ...full, [enforced]: old })), /enforce-version is .+, not "latest"/);
    }
  });

  it("refuses a volume that is a folder of the node, and takes one of a driver", () => {
    const volume = (spec: object) => object("core/v1:PersistentVolume", { spec });
    assertSaid(judge(rule, volume({ hostPath: { path: "/" } })), /^the type hostPath is a folder of the node/);
    assertSaid(judge(rule, volume({ local: unknownObject })), /^the type local is a folder of the node/);
    assert.deepEqual(judge(rule, volume({ csi: { driver: "ebs.csi.aws.com" } })), []);
  });
});
