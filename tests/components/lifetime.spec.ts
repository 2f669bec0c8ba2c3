import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { dataLifetime } from "../../components/shared/component.ts";
import { labelsAt } from "../judges/kubernetes-object.ts";
import type { Recorded } from "../support/record.ts";
import { planOf, recordStack } from "../support/record-stack.ts";
import { stackNames, type StackName } from "../support/stacks.ts";

/** What would lose data, or make it unreadable, when it went; by stack, as `Kind name`. */
const always = ["Namespace namespace", "PersistentVolumeClaim sites", "RandomPassword sites-seed", "Secret sites-seed"];
const ownRedis = [
  "PersistentVolumeClaim redis-queue-data",
  "StatefulSet redis-queue",
  "RandomPassword redis-cache",
  "RandomPassword redis-queue",
];
const backups = ["PersistentVolumeClaim backups"];
const backupPassword = ["RandomPassword backup-password", "Secret backup-password"];
const admin = ["RandomPassword database-admin", "Secret database-admin"];
const server = (name: string) => [...admin, `PersistentVolumeClaim ${name}-data`, `StatefulSet ${name}`];
const dataOf: Record<StackName, string[]> = {
  dev: [...always, ...backups, ...backupPassword, ...ownRedis, ...server("mariadb")],
  staging: [...always, ...backups, ...backupPassword, ...ownRedis, ...server("mariadb")],
  prod: [...always, ...backupPassword, ...ownRedis, ...admin, "MariaDB mariadb"],
  postgres: [...always, ...backupPassword, ...ownRedis, ...admin, "Cluster postgres"],
  "postgres-embedded": [...always, ...backups, ...backupPassword, ...ownRedis, ...server("postgres")],
  external: [...always, ...backups, "Secret backup-password"],
};

const called = ({ type, name }: Recorded) => `${type.split(":").at(-1)} ${name}`;

describe("components: the lifetime of data", () => {
  for (const stack of stackNames) {
    for (const protectData of [true, false]) {
      for (const retainData of [true, false]) {
        it(`${stack}: is what the stack file says, with protectData ${protectData} and retainData ${retainData}`, async () => {
          const { resources } = await recordStack(
            stack,
            (values) => (values["lifecycle"] = { protectData, retainData }),
          );
          const data = resources.filter((one) => dataOf[stack].includes(called(one)));
          assert.deepEqual(data.map(called).sort(), [...dataOf[stack]].sort());
          for (const { opts, name } of data) {
            assert.deepEqual([opts.protect, opts.retainOnDelete], [protectData, retainData], name);
          }
          const others = resources.filter((one) => !dataOf[stack].includes(called(one)));
          assert.deepEqual(others.filter(({ opts }) => opts.protect === true).map(called), []);
        });
      }
    }

    it(`${stack}: every object that is labelled as holding data outlives the stack, and what is data is labelled`, async () => {
      const { resources } = await recordStack(
        stack,
        (values) => (values["lifecycle"] = { protectData: true, retainData: true }),
      );
      const labelled = resources.filter(
        ({ inputs }) => labelsAt(inputs, "metadata", "labels")[labels.holdsData] === "true",
      );
      for (const { opts, name } of labelled) assert.equal(opts.retainOnDelete, true, name);
      const kubernetes = dataOf[stack].filter((one) => !one.startsWith("RandomPassword"));
      assert.deepEqual(
        kubernetes.filter((one) => !labelled.map(called).includes(one)),
        [],
      );
    });
  }

  it("keeps passwords that others were encrypted with or created by for ever, whatever changes in the program", async () => {
    const { resources } = await recordStack("prod");
    const passwords = resources.filter(({ type }) => type.endsWith("RandomPassword"));
    assert.equal(passwords.length, 8);
    for (const { opts, name } of passwords) assert.deepEqual(opts.ignoreChanges, ["*"], name);
  });

  it("keeps the Secrets that hold keys, and lets the others go with the stack", async () => {
    const { resources } = await recordStack("prod");
    const kept = resources.filter(({ type, opts }) => type.endsWith(":Secret") && opts.retainOnDelete === true);
    assert.deepEqual(kept.map(({ name }) => name).sort(), ["backup-password", "database-admin", "sites-seed"]);
  });

  it("is said once for every room", () => {
    const { protectData: protect, retainData: retainOnDelete } = planOf("prod").lifecycle;
    assert.deepEqual(dataLifetime(planOf("prod")), { protect, retainOnDelete });
  });
});
