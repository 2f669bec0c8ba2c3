import assert from "node:assert/strict";
import { parse } from "yaml";
import { unproven } from "../../gates/proof.ts";
import { attestText, proofOf as proofFrom } from "../../operate/attest.ts";
import type { ListedRelease } from "../../operate/ledger-reader.ts";
import { parseConfig } from "../../config/parse.ts";
import { readStackFile, stackConfig } from "../support/stacks.ts";
import { begun, releaseOf, type SampleRelease } from "./ledger-sample.ts";

const staging = stackConfig("staging");
const digest = staging.image.digest;
const apps = Object.entries(staging.image.apps).map(([name, version]) => ({ name, version }));
const facts = { gitSha: "f".repeat(40), image: `docker.io/frappe/erpnext:v16@${digest}`, apps, by: "ada" };
/** 2026-11-21, 03:06:17 UTC. */
const confirmed = begun + 132_000;
const event = { at: confirmed, generation: 1, site: "", kind: "confirmed", facts: {} };
const events = [
  { ...event, at: begun, kind: "prepared" },
  { ...event, at: begun + 1_000, kind: "confirmed", site: "a.example.com" },
  event,
  { ...event, at: confirmed + 900_000, kind: "asked" },
];
const listed = (change: Partial<SampleRelease> = {}): ListedRelease =>
  structuredClone({ events, ...releaseOf({ id: "1234567890", facts, ...change }) }) as unknown as ListedRelease;
const proofOf = (config: typeof staging, release: ListedRelease, stands: string | undefined = release.id) =>
  proofFrom(config, release, stands);

describe("npm run releases attest", () => {
  it("says of a release that stood on which bench, with which image and apps, since when and of which source", () => {
    assert.deepEqual(proofOf(staging, listed()), {
      bench: "frappe-staging",
      release: "1234567890",
      digest,
      apps: { frappe: "16.31.0", erpnext: "16.33.0" },
      confirmedAt: "2026-11-21T03:07Z",
      gitSha: "f".repeat(40),
    });
  });

  it("goes by when it was confirmed: one of code alone never closed writes, and opened none", () => {
    const code = listed({ facts: { ...facts, strategy: "rolling" }, closedAt: 0, openedAt: 0 });
    assert.equal(proofOf(staging, code).confirmedAt, "2026-11-21T03:07Z");
    const noted = listed({ changedAt: confirmed + 86_400_000, openedAt: confirmed + 86_400_000 });
    assert.equal(proofOf(staging, noted).confirmedAt, "2026-11-21T03:07Z");
  });

  it("refuses one of which the ledger does not say since when it stands", () => {
    assert.throws(
      () => proofOf(staging, listed({ events: events.filter((each) => each !== event) })),
      /the ledger does not say since when release 1234567890 stands/,
    );
  });

  it("refuses one that was followed: its hours would count on without it", () => {
    assert.throws(
      () => proofOf(staging, listed(), "2222222222"),
      /release 1234567890 stands no more: release 2222222222 has followed it, .*attest 2222222222/,
    );
  });

  it("prints what a stack file takes as it is, and what the gate then lets pass", () => {
    const text = attestText(proofOf(staging, listed()), false).join("\n");
    const { proof } = parse(text) as { proof: unknown };
    const { values, secrets } = readStackFile("prod");
    const release = { gates: { staging: { bench: "frappe-staging" } }, proof };
    const parsed = parseConfig({ values: { ...values, release }, secrets });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const { image, release: declared } = parsed.config;
    assert.ok(declared.gates.staging);
    const released = { image: `registry.test/bench@${image.digest}`, apps };
    assert.equal(unproven(declared.gates.staging, declared.proof, released, Date.UTC(2026, 11, 1)), undefined);
  });

  it("quotes what YAML would read as a number, and gives the moment to the full minute after", () => {
    const text = attestText(proofOf(staging, listed()), false).join("\n");
    assert.match(text, /^ {2}release: "1234567890"$/m);
    assert.match(text, /^ {2}confirmedAt: "2026-11-21T03:07Z"$/m);
  });

  it("prints the same for programs", () => {
    const proof = proofOf(staging, listed());
    assert.deepEqual(JSON.parse(attestText(proof, true).join("\n")), proof);
  });

  for (const state of ["prepared", "verified", "aborted", "rolled_back", "needs_human"] as const) {
    it(`refuses a release that is ${state}`, () => {
      assert.throws(
        () => proofOf(staging, listed({ state })),
        new RegExp(
          `release 1234567890 has never stood: it is ${state.replace("_", " ")}, and only one that is confirmed`,
        ),
      );
    });
  }

  it("refuses one of which the ledger does not say what it was made of", () => {
    for (const wrong of [{}, { ...facts, image: "bench:v16" }, { ...facts, apps: [] }, { ...facts, apps: "frappe" }]) {
      assert.throws(
        () => proofOf(staging, listed({ facts: wrong })),
        /does not say what release 1234567890 was made of: (image|apps)/,
      );
    }
  });
});
