import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { labelsAt, listAt, textAt, valueAt } from "../judges/kubernetes-object.ts";
import { canary, Concealed, only } from "../support/record.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";

describe("components/room: backups", () => {
  it("starts no run beside another, tries none again by itself, and ends it in its time", async () => {
    const { resources, plan } = await recordStack("prod");
    for (const scheduled of plan.backup.scheduled) {
      const cronJob = kubernetesObject(only(resources, "CronJob", scheduled.name));
      assert.equal(cronJob.metadata.name, scheduled.name);
      assert.equal(textAt(cronJob, "spec", "concurrencyPolicy"), "Forbid");
      assert.equal(textAt(cronJob, "spec", "timeZone"), "Etc/UTC");
      assert.equal(valueAt(cronJob, "spec", "suspend"), scheduled.suspended);
      assert.equal(valueAt(cronJob, "spec", "startingDeadlineSeconds"), 3600);
      const job = ["spec", "jobTemplate", "spec"] as const;
      assert.equal(valueAt(cronJob, ...job, "backoffLimit"), 0);
      assert.equal(valueAt(cronJob, ...job, "activeDeadlineSeconds"), scheduled.timeLimit + 900);
      assert.equal(textAt(cronJob, ...job, "template", "spec", "restartPolicy"), "Never");
      assert.equal(labelsAt(cronJob, ...job, "template", "metadata", "labels")[labels.component], scheduled.component);
    }
  });

  it("shows no reviewer the program's text, and says that it changes", async () => {
    const { resources } = await recordStack("dev");
    const program = only(resources, "ConfigMap", "backup-program");
    assert.ok(program.inputs["data"] instanceof Concealed);
    assert.equal(valueAt(kubernetesObject(program), "data", "backup.cjs"), "// the backup program\n");
  });

  it("takes the keys of the bucket and an earlier stack's password into one Secret of files", async () => {
    const { resources } = await recordStack("prod", undefined, ["backupPassword"]);
    const secret = kubernetesObject(only(resources, "Secret", "backup"));
    assert.equal(valueAt(secret, "stringData", "password"), canary("backupPassword"));
    assert.equal(
      valueAt(secret, "stringData", "s3-credentials"),
      `[default]\naws_access_key_id = ${canary("backupS3AccessKey")}\naws_secret_access_key = ${canary("backupS3SecretKey")}\n`,
    );
    assert.ok(!resources.some(({ type, name }) => type.endsWith("RandomPassword") && name === "backup-password"));
  });

  it("gives a run the scratch volume of the class that is named, which goes with it", async () => {
    const { resources } = await recordStack("prod");
    const volumes = listAt(
      kubernetesObject(only(resources, "CronJob", "backup")),
      ...(["spec", "jobTemplate", "spec", "template", "spec", "volumes"] as const),
    );
    const scratch = volumes.find((volume) => textAt(volume, "name") === "backup-scratch");
    const claim = ["ephemeral", "volumeClaimTemplate", "spec"] as const;
    assert.equal(textAt(scratch, ...claim, "storageClassName"), "fast");
    assert.equal(textAt(scratch, ...claim, "resources", "requests", "storage"), "300Gi");
    const tools = volumes.filter((volume) => textAt(volume, "name") === "tools");
    assert.equal(tools.length, 1);
  });
});
