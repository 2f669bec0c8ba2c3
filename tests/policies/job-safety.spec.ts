import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { jobSafety as rule } from "../../policies/job-safety.ts";
import { assertSaid, type Given, judge, unknownObject, unknownText } from "./judged.ts";
import { template } from "./release-samples.ts";
import { type Loose, object, workload } from "./samples.ts";

const release = (change: (job: Loose, spec: Loose) => void = () => {}) =>
  judge(
    rule,
    template((spec) => void change(spec.jobTemplate.spec, spec)),
  );

/** A Job that is no release's, with `change` made to its properties. */
const job = (change: (props: Loose) => void = () => {}): Given => {
  const props: Loose = {
    metadata: { labels: { [labels.component]: "backup" } },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: 60,
      template: { metadata: { labels: {} }, spec: { restartPolicy: "OnFailure" } },
    },
  };
  change(props);
  return object("batch/v1:Job", props);
};

describe("frappe-job-safety", () => {
  it("takes the template of a release, and other work that may be tried again", () => {
    assert.deepEqual(release(), []);
    assert.deepEqual(judge(rule, job()), []);
  });

  it("says how to put it right", () => {
    assertSaid(
      release((spec) => void (spec.backoffLimit = 1)),
      /tried again\. Render scheduled work by components\/shared\/workload/,
    );
  });

  for (const tries of [1, 6, undefined, "0", unknownText]) {
    it(`refuses a release's Job with a backoffLimit of ${tries === unknownText ? "nobody knows what" : tries}`, () => {
      assertSaid(
        release((spec) => void (spec.backoffLimit = tries)),
        /^backoffLimit is .+, not 0: a step that failed would be tried again/,
      );
    });
  }

  for (const policy of ["OnFailure", "Always", undefined, unknownText]) {
    it(`refuses a release's pods that restart ${policy === unknownText ? "as nobody knows" : policy}`, () => {
      assertSaid(
        release((spec) => void (spec.template.spec.restartPolicy = policy)),
        /^restartPolicy is .+, not "Never"/,
      );
    });
  }

  it("refuses more than one run of a step at a time", () => {
    for (const parallelism of [2, 0, unknownText]) {
      assertSaid(
        release((spec) => void (spec.parallelism = parallelism)),
        /^parallelism is .+: one step would run more than once at a time/,
      );
    }
    assert.deepEqual(
      release((spec) => void (spec.parallelism = 1)),
      [],
    );
  });

  it("refuses work that nothing ends, a release's or not", () => {
    for (const deadline of [undefined, 0, -1, 1.5, "60", unknownText]) {
      const problem = /^activeDeadlineSeconds is .+: nothing ends a run that hangs/;
      assertSaid(
        release((spec) => void (spec.activeDeadlineSeconds = deadline)),
        problem,
      );
      assertSaid(
        judge(
          rule,
          job((props) => void (props.spec.activeDeadlineSeconds = deadline)),
        ),
        problem,
      );
    }
    assert.deepEqual(
      judge(
        rule,
        job((props) => void (props.spec.activeDeadlineSeconds = 1)),
      ),
      [],
    );
  });

  it("refuses runs of a CronJob that overlap", () => {
    for (const policy of [undefined, "Allow", "Replace", unknownText]) {
      assertSaid(
        release((_, spec) => void (spec.concurrencyPolicy = policy)),
        /^concurrencyPolicy is .+, not "Forbid": runs would overlap/,
      );
    }
  });

  it("wants a CronJob to say how many of its runs stay to be seen, and at least one", () => {
    for (const key of ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"]) {
      for (const limit of [undefined, 0, unknownText]) {
        assertSaid(
          release((_, spec) => void (spec[key] = limit)),
          new RegExp(`^${key} is .+: the last run is to be seen`),
        );
      }
      assert.deepEqual(
        release((_, spec) => void (spec[key] = 1)),
        [],
      );
    }
  });

  const marks: readonly (readonly [what: string, mark: (props: Loose) => void])[] = [
    ["the object's label", (props) => void (props.metadata.labels[labels.release] = "a")],
    ["the object's component", (props) => void (props.metadata.labels[labels.component] = "release")],
    ["the pods' label", (props) => void (props.spec.template.metadata.labels[labels.release] = "a")],
    ["the pods' component", (props) => void (props.spec.template.metadata.labels[labels.component] = "release")],
    ["a label that is not known", (props) => void (props.metadata.labels[labels.release] = unknownText)],
    ["a component that is not known", (props) => void (props.metadata.labels[labels.component] = unknownText)],
    ["labels that are not known", (props) => void (props.spec.template.metadata = unknownObject)],
  ];
  for (const [what, mark] of marks) {
    it(`takes a Job for a release's by ${what}`, () => {
      assertSaid(judge(rule, job(mark)), /^backoffLimit is 3/, /^restartPolicy is "OnFailure"/);
    });
  }

  it("takes a CronJob for a release's by the labels of its Jobs, and by its own", () => {
    const props: Loose = structuredClone(template().props);
    props.metadata.labels = {};
    props.spec.jobTemplate.spec.template.metadata.labels = {};
    props.spec.jobTemplate.spec.backoffLimit = 1;
    assertSaid(judge(rule, object("batch/v1:CronJob", props)), /^backoffLimit is 1/);
    props.spec.jobTemplate.metadata.labels = {};
    assert.deepEqual(judge(rule, object("batch/v1:CronJob", props)), []);
    props.metadata.labels = { [labels.component]: "release" };
    assertSaid(judge(rule, object("batch/v1:CronJob", props)), /^backoffLimit is 1/);
  });

  it("refuses work that a preview cannot see into", () => {
    assertSaid(
      judge(
        rule,
        job((props) => void (props.spec = unknownObject)),
      ),
      /^activeDeadlineSeconds is not known in a preview/,
      /^backoffLimit is not known in a preview/,
      /^restartPolicy is not known in a preview/,
      /^parallelism is not known in a preview/,
    );
    assert.equal(judge(rule, object("batch/v1:CronJob", { metadata: {}, spec: unknownObject })).length, 7);
  });

  it("has nothing to say of what runs until it is stopped", () => {
    const others = [workload(), object("apps/v1:StatefulSet", { spec: {} }), object("core/v1:Pod", { spec: {} })];
    assert.deepEqual(
      others.flatMap((given) => judge(rule, given)),
      [],
    );
  });
});
