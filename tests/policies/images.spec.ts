import assert from "node:assert/strict";
import { imageDigestPinned } from "../../policies/image-digest-pinned.ts";
import { noLatestOrUntagged } from "../../policies/no-latest-or-untagged.ts";
import { assertSaid, judge, unknownList, unknownObject, unknownText } from "./judged.ts";
import { cluster, digest, mariadb, object, pods, withContainer, withSetup, workload } from "./samples.ts";

const image = (reference: unknown) => withContainer((container) => void (container.image = reference));

describe("frappe-image-digest-pinned", () => {
  const rule = imageDigestPinned;

  it("takes an image with tag and digest, and one with a digest alone", () => {
    assert.deepEqual(judge(rule, workload()), []);
    assert.deepEqual(judge(rule, image(`erpnext@${digest}`)), []);
  });

  it("refuses a tag alone in every kind that makes pods, and says where and how to put it right", () => {
    for (const given of pods((template) => void (template.spec.containers[0].image = "erpnext:v16.33.0"))) {
      assertSaid(
        judge(rule, given),
        /^containers\[0\] web: the image "erpnext:v16\.33\.0" has no digest\. .*frappe:image\.digest/,
      );
    }
  });

  it("refuses a digest that is cut short, in capitals or of another hash", () => {
    for (const wrong of [digest.slice(0, -1), digest.toUpperCase(), "sha512:00", `${digest}0`]) {
      assertSaid(judge(rule, image(`erpnext:v16@${wrong}`)), /has no digest/);
    }
  });

  it("looks at containers that run first, and at images that are mounted", () => {
    assertSaid(
      judge(
        rule,
        withSetup((setup) => void (setup.image = "a:1")),
      ),
      /^initContainers\[0\] setup: /,
    );
    const mounted = workload((template) => template.spec.volumes.push({ name: "m", image: { reference: "a:1" } }));
    assertSaid(judge(rule, mounted), /^volumes\[1\]\.image: the image "a:1"/);
  });

  it("refuses a container without an image", () => {
    assertSaid(judge(rule, image(undefined)), /^containers\[0\] web: no image is named/);
  });

  it("refuses what a preview does not know: the image, the container, the list, the pod", () => {
    assertSaid(judge(rule, image(unknownText)), /^containers\[0\] web: the image is not known in a preview/);
    const hidden = [
      workload((template) => void (template.spec.containers[0] = unknownObject)),
      workload((template) => void (template.spec.containers = unknownList)),
      workload((template) => void (template.spec = unknownObject)),
      object("apps/v1:Deployment", { spec: unknownObject }),
    ];
    for (const given of hidden) assertSaid(judge(rule, given), /not known in a preview, so nobody can judge it/);
  });

  it("looks at the images of operators' objects, at any depth", () => {
    assert.deepEqual(
      [mariadb(), cluster()].flatMap((given) => judge(rule, given)),
      [],
    );
    assertSaid(
      judge(rule, mariadb({ image: "mariadb:11.8" })),
      /^spec\.image: the image "mariadb:11\.8" has no digest/,
    );
    assertSaid(judge(rule, cluster({ imageName: unknownText })), /^spec\.imageName: the image is not known/);
    const exporter = { image: `m@${digest}`, metrics: { exporter: [{ image: "exporter:1" }] } };
    assertSaid(judge(rule, mariadb(exporter)), /^spec\.metrics\.exporter\[0\]\.image: /);
  });

  it("puts together an image that is given in parts", () => {
    const given = (image: unknown) => object("example.com/v1:Thing", { spec: { image } });
    assert.deepEqual(judge(rule, given({ repository: "a.io/b", tag: "1.2", digest })), []);
    assertSaid(
      judge(rule, given({ repository: "a.io/b", tag: "1.2" })),
      /^spec\.image: the image "a\.io\/b:1\.2" has no/,
    );
    assertSaid(judge(rule, given({ repository: "a.io/b", tag: unknownText })), /the image is not known in a preview/);
    assertSaid(
      judge(noLatestOrUntagged, given({ repository: "b", tag: "latest" })),
      /^spec\.image: the tag of "b:latest" m/,
    );
    assertSaid(
      judge(rule, object("example.com/v1:Thing", { spec: { baseImage: "a:1.2" } })),
      /^spec\.baseImage: the image/,
    );
  });

  it("refuses a server whose operator would choose the image", () => {
    assertSaid(judge(rule, mariadb({})), /^spec\.image: no image is named, so whoever runs it chooses one/);
    assertSaid(judge(rule, cluster({})), /^spec\.imageName: no image is named/);
  });

  it("has nothing to say of what has no image", () => {
    const others = [
      object("core/v1:ConfigMap", { data: { image: "a:1" } }),
      object("apiextensions.k8s.io/v1:CustomResourceDefinition", { spec: { image: { type: "string" } } }),
      { type: "random:index/randomPassword:RandomPassword", props: { length: 40 } },
      { type: "frappe:bench:Bench", props: {} },
    ];
    assert.deepEqual(
      others.flatMap((given) => judge(rule, given)),
      [],
    );
  });
});

describe("frappe-no-latest-or-untagged", () => {
  const rule = noLatestOrUntagged;

  it("takes a version, with and without a digest, a digest alone, and a registry with a port", () => {
    const good = [
      "erpnext:v16.33",
      `erpnext:v16@${digest}`,
      `erpnext@${digest}`,
      "registry.example.com:5000/a:8.1-alpine",
    ];
    assert.deepEqual(
      good.flatMap((reference) => judge(rule, image(reference))),
      [],
    );
  });

  it("refuses a tag that moves, even before a digest and in capitals", () => {
    for (const reference of [
      "erpnext:latest",
      `erpnext:latest@${digest}`,
      "erpnext:Nightly",
      "a.io:5000/b:edge",
      `a:lts@${digest}`,
    ]) {
      assertSaid(judge(rule, image(reference)), /^containers\[0\] web: the tag of ".+" moves\. Name the version/);
    }
  });

  it("refuses a tag without a full version where no digest holds it", () => {
    for (const tag of ["v16", "version-16", "alpine", "3-alpine", "sha-0eabe75"]) {
      assertSaid(judge(rule, image(`erpnext:${tag}`)), /the tag of ".+" is no full version, and no digest holds it/);
      assert.deepEqual(judge(rule, image(`erpnext:${tag}@${digest}`)), [], tag);
    }
  });

  it("refuses an image with neither tag nor digest, even from a registry with a port", () => {
    for (const reference of ["erpnext", "registry.example.com:5000/erpnext", "erpnext:"]) {
      assertSaid(judge(rule, image(reference)), /has neither tag nor digest/);
    }
  });

  it("does not take a version for a moving tag because it begins like one", () => {
    assert.deepEqual(judge(rule, image("erpnext:latest-16.33")), []);
  });

  it("leaves an image that is missing or not known to the rule on digests", () => {
    assert.deepEqual(
      [undefined, unknownText].flatMap((reference) => judge(rule, image(reference))),
      [],
    );
  });

  it("refuses a pod that a preview cannot see into", () => {
    assertSaid(
      judge(
        rule,
        workload((template) => void (template.spec.containers = unknownList)),
      ),
      /^containers: not known/,
    );
  });

  it("looks at operators' objects", () => {
    assertSaid(judge(rule, mariadb({ image: "mariadb:latest" })), /^spec\.image: the tag of "mariadb:latest" moves/);
  });
});
