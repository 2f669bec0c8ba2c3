import assert from "node:assert/strict";
import { hardeningViolations, restrictedViolations } from "./pod-security.ts";
import { broken, podSpec } from "./samples.ts";

const template = () => ({ metadata: { annotations: {} }, spec: podSpec() });
const container = "spec.containers.0";
const security = `${container}.securityContext`;

const violations: [name: string, path: string, value: unknown, problem: RegExp][] = [
  ["the host's network", "spec.hostNetwork", true, /hostNetwork/],
  ["the host's processes", "spec.hostPID", true, /hostPID/],
  ["the host's IPC", "spec.hostIPC", true, /hostIPC/],
  ["a path of the host", "spec.volumes.0", { name: "h", hostPath: { path: "/" } }, /volume h: the type hostPath/],
  ["an NFS volume", "spec.volumes.0", { name: "n", nfs: { server: "s", path: "/" } }, /the type nfs/],
  ["a port of the host", `${container}.ports.0.hostPort`, 80, /host port 80/],
  ["a privileged container", `${security}.privileged`, true, /privileged must not be true/],
  [
    "privilege escalation left open",
    `${security}.allowPrivilegeEscalation`,
    undefined,
    /allowPrivilegeEscalation must be false/,
  ],
  ["kept capabilities", `${security}.capabilities`, undefined, /must drop ALL/],
  [
    "an added capability",
    `${security}.capabilities`,
    { drop: ["ALL"], add: ["NET_BIND_SERVICE", "CHOWN"] },
    /must not add CHOWN/,
  ],
  ["no word on root", "spec.securityContext.runAsNonRoot", undefined, /runAsNonRoot must be true/],
  ["a container that is root again", `${security}.runAsNonRoot`, false, /runAsNonRoot must not be false/],
  ["user 0", `${security}.runAsUser`, 0, /runAsUser must not be 0/],
  ["user 0 for the pod", "spec.securityContext.runAsUser", 0, /pod: runAsUser must not be 0/],
  ["no seccomp profile", "spec.securityContext.seccompProfile", undefined, /seccompProfile must be/],
  [
    "an unconfined seccomp profile",
    `${security}.seccompProfile`,
    { type: "Unconfined" },
    /seccomp must not be Unconfined/,
  ],
  [
    "an unconfined AppArmor profile",
    `${security}.appArmorProfile`,
    { type: "Unconfined" },
    /AppArmor must not be Unconfined/,
  ],
  [
    "AppArmor off by annotation",
    "metadata.annotations",
    { "container.apparmor.security.beta.kubernetes.io/web": "unconfined" },
    /AppArmor must not be unconfined/,
  ],
  ["an SELinux type of one's own", `${security}.seLinuxOptions`, { type: "spc_t" }, /SELinux type spc_t/],
  ["an SELinux user", `${security}.seLinuxOptions`, { user: "u" }, /SELinux user and role/],
  ["an unmasked /proc", `${security}.procMount`, "Unmasked", /procMount must be Default/],
  [
    "an unsafe sysctl",
    "spec.securityContext.sysctls",
    [{ name: "kernel.msgmax", value: "1" }],
    /sysctl kernel\.msgmax/,
  ],
  ["a Windows host process", `${security}.windowsOptions`, { hostProcess: true }, /hostProcess must not be true/],
  [
    "a probe of another host",
    `${container}.livenessProbe.tcpSocket.host`,
    "10.0.0.1",
    /livenessProbe\.tcpSocket\.host/,
  ],
  [
    "a hook to another host",
    `${container}.lifecycle`,
    { preStop: { httpGet: { host: "a", port: 1 } } },
    /preStop\.httpGet\.host/,
  ],
  [
    "an init container without any of it",
    "spec.initContainers",
    [{ name: "i", image: "i" }],
    /initContainers\[0\] i: allowPrivilegeEscalation/,
  ],
];

const wishes: [name: string, path: string, value: unknown, problem: RegExp][] = [
  ["a mounted token", "spec.automountServiceAccountToken", undefined, /automountServiceAccountToken/],
  ["service links", "spec.enableServiceLinks", undefined, /enableServiceLinks/],
  ["a writable root file system", `${security}.readOnlyRootFilesystem`, false, /readOnlyRootFilesystem/],
  ["a user that only the image knows", "spec.securityContext.runAsUser", undefined, /runAsUser must be a number/],
  ["no limit for memory", `${container}.resources.limits.memory`, undefined, /no limit for memory/],
  [
    "no limit for scratch space",
    `${container}.resources.limits.ephemeral-storage`,
    undefined,
    /no limit for ephemeral-storage/,
  ],
  ["no request", `${container}.resources.requests`, undefined, /no request for cpu/],
];

describe("judges/pod-security", () => {
  it("passes a restricted pod", () => assert.deepEqual(restrictedViolations(template()), []));
  it("passes a hardened pod", () => assert.deepEqual(hardeningViolations(template()), []));
  it("lets a container bind low ports", () => {
    const capabilities = { drop: ["ALL"], add: ["NET_BIND_SERVICE"] };
    assert.deepEqual(restrictedViolations(broken(template(), `${security}.capabilities`, capabilities)), []);
  });
  it("takes the profile of the container where the pod names none", () => {
    const bare = broken(template(), "spec.securityContext.seccompProfile", undefined);
    assert.deepEqual(restrictedViolations(broken(bare, `${security}.seccompProfile`, { type: "RuntimeDefault" })), []);
  });

  for (const [name, path, value, problem] of violations) {
    it(`refuses ${name}`, () =>
      assert.match(restrictedViolations(broken(template(), path, value)).join("\n"), problem));
  }
  for (const [name, path, value, problem] of wishes) {
    it(`does not wish for ${name}`, () =>
      assert.match(hardeningViolations(broken(template(), path, value)).join("\n"), problem));
  }
});
