/** What holds pods down holds while they work. */
import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import type { Platform } from "../support/platform.ts";
import { containersOf, processes } from "../support/inside.ts";
import { isReady, nameOf, podsOf } from "../support/pods.ts";

/** Says of a process: user, capabilities, whether its root is read-only, whether it was given a token. Asked on the node. */
const look = `for pid in "$@"; do
  status=$(grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr -s '\\t ' ' ' | tr '\\n' ';')
  root=$(awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo" | tail -n 1)
  token=none; [ ! -e "/proc/$pid/root/var/run/secrets/kubernetes.io" ] || token=there
  echo "$status root: $root; token: $token"
done`;

const isHeld = (line: string): boolean =>
  !/Uid: 0/.test(line) &&
  /CapEff: 0+;/.test(line) &&
  /CapBnd: 0+;/.test(line) &&
  /NoNewPrivs: 1;/.test(line) &&
  /Seccomp: 2;/.test(line) &&
  /root: ro(,|;)/.test(line) &&
  /token: none/.test(line);

const rootPod = (namespace: string): V1Pod => ({
  metadata: { name: "root", namespace },
  spec: { containers: [{ name: "root", image: "localhost/frappe-debian:12", command: ["sleep", "1"] }] },
});

export function describeHardening(given: () => Platform): void {
  describe("is held down", () => {
    it("refuses a pod that wants to be root, and says by which rule", async () => {
      const { api, namespace } = given();
      const made = api.core.createNamespacedPod({ namespace, body: rootPod(namespace) });
      await assert.rejects(made, /violates PodSecurity [^a-z]*restricted/);
    });

    it("runs every container without root, capabilities, new privileges, a token, or a root that it can write", async function () {
      this.timeout(120_000);
      const { api, namespace, cluster } = given();
      const pods = (await podsOf(api, namespace)).filter(isReady);
      const pids = await processes(cluster);
      const containers = pods.flatMap((pod) =>
        containersOf(pod).map(({ name, id }) => ({ at: `${nameOf(pod)}/${name}`, id })),
      );
      const { code, stdout, stderr } = await cluster.enter(
        ["sh", "-c", look, "sh", ...containers.map(({ id }) => String(pids.get(id)))],
        { seconds: 60 },
      );
      assert.equal(code, 0, stderr);
      const lines = stdout.trim().split("\n");
      const wrong = containers.flatMap(({ at }, index) =>
        isHeld(lines[index] ?? "") ? [] : [`${at}: ${lines[index]}`],
      );
      assert.deepEqual(wrong, []);
      assert.ok(containers.length >= 18, `only ${containers.length} containers were looked at`);
    });
  });
}
