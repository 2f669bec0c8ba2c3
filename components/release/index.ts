/**
 * The steps of a release, in their order: each a command that submits the step's Job and follows it (operate/step.ts). The work, and the
 * way back, are in the Job. How the command provider behaves, and why nothing else may stand in these inputs: docs/adr/0013.
 */
import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labels } from "../../constants/labels.ts";
import { limits } from "../../constants/limits.ts";
import type { Step } from "../../constants/steps.ts";
import { stackLabels } from "../../topology/labels.ts";
import { PlannedRoom } from "../room/index.ts";
import type { SecretNames } from "../secrets/index.ts";
import { Component, token, type RoomArgs } from "../shared/component.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
}

/** Changes that run no step: where and how the command runs. What makes one run is the release's id alone. */
const ignoreChanges = ["create", "stdin", "dir", "environment", "interpreter", "logging"];

export class Release extends Component {
  readonly #args: Args;
  readonly #ground: pulumi.Resource;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("release", "Release"), name, {}, opts);
    this.#args = args;
    this.#manifest();
    const { plan, namespace, secrets } = args;
    this.#ground = new PlannedRoom("steps", { plan, namespace, secrets, room: plan.steps }, { ...opts, parent: this });
    this.registerOutputs({});
  }

  /**
   * @param after what has to stand first: the step before, and what it works on.
   * @returns the step, for what may only come when it is done.
   */
  step(name: Step, after: readonly pulumi.Resource[]): pulumi.Resource {
    const { plan } = this.#args;
    const logicalName = `release-${name}`;
    // Longer than the Job itself, which is placed and gets its images first: it says why it failed, a command that is cut off does not.
    const patience = `${plan.stepTimeout + 2 * limits.jobMargin}s`;
    return new command.local.Command(
      logicalName,
      {
        create: `node engine/start.mjs operate/step-cli.ts ${name}`,
        stdin: JSON.stringify(plan.stepFacts),
        triggers: [plan.release.id],
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      this.child(logicalName, {
        dependsOn: [this.#ground, ...after],
        ignoreChanges,
        additionalSecretOutputs: ["stderr"],
        customTimeouts: { create: patience },
      }),
    );
  }

  /** The facts of the release, for reviewers, policies and the record. */
  #manifest() {
    const { plan, namespace } = this.#args;
    new k8s.core.v1.ConfigMap(
      "release",
      {
        metadata: {
          namespace,
          labels: {
            ...stackLabels(plan.identity),
            [labels.releaseManifest]: "true",
            [labels.release]: plan.release.id,
          },
        },
        immutable: true,
        data: { "release.json": JSON.stringify(plan.release.manifest) },
      },
      this.child("release"),
    );
  }
}
