import assert from "node:assert/strict";
import { planOf } from "../support/record-stack.ts";
import { stackConfig } from "../support/stacks.ts";

type Change = Parameters<typeof stackConfig>[1];

const idOf = (change?: Change) => planOf("prod", change).release.id;
const digest = `sha256:${"0".repeat(64)}`;

/** What makes a migration or new code necessary. */
const released: Record<string, NonNullable<Change>> = {
  "the image's digest": (values) => (values["image"].digest = digest),
  "an app's version": (values) => (values["image"].apps.erpnext = "16.34.0"),
  "the order in which apps are installed": (values) =>
    (values["image"].apps = { erpnext: "16.33.0", frappe: "16.31.0" }),
  "an app more in the image": (values) => (values["image"].apps.hrms = "16.0.0"),
  "a new site": (values) => values["sites"].push({ name: "new.example.com", apps: ["frappe"] }),
  "a site less": (values) => values["sites"].splice(1, 1),
  "a site's apps": (values) => (values["sites"][0].apps = ["frappe"]),
  "a site's schema": (values) => (values["sites"][0].schema = "erp"),
  "a site that is archived": (values) => (values["sites"][1].state = "archived"),
  "the bench's id": (values) => (values["bench"].id = "another"),
  "a queue's time limit": (values) => (values["bench"].queues.integrations.timeout = 601),
  "another database": (values) =>
    (values["database"] = { engine: "mariadb", mode: "embedded", storage: { size: "20Gi" }, maxConnections: 400 }),
  "the attempt": (values) => (values["release"] = { attempt: 2 }),
  "the release to go back to": (values) => (values["release"] = { rollbackTo: "0123456789" }),
  "another release to go back to": (values) => (values["release"] = { rollbackTo: "9876543210" }),
};

/** What an operator may turn without a release: it rolls pods in place, or touches none. */
const notReleased: Record<string, NonNullable<Change>> = {
  nothing: () => undefined,
  "the tag, which is for people": (values) => (values["image"].tag = "v16.33.0-1"),
  "where the same digest is pulled from": (values) => (values["image"].repository = "registry.example.com/erpnext"),
  "replicas of web": (values) => (values["bench"].web.replicas = 2),
  "a worker set's replicas": (values) => (values["bench"].workers.short.replicas = 1),
  "how queues are spread over worker sets": (values) => values["bench"].workers.long.queues.pop(),
  "memory and processors": (values) => (values["bench"].web.resources = { cpu: "2", memory: "4Gi" }),
  "gunicorn's limits": (values) => (values["bench"].web.timeout = 60),
  "the body limit": (values) => (values["bench"].nginx.bodyLimit = "10Mi"),
  "the database's size and tuning": (values) => {
    values["database"].storage.size = "300Gi";
    values["database"].bufferPool = "8G";
  },
  "Redis' memory": (values) => (values["redis"].cache.resources.memory = "2Gi"),
  "the edge's class, proxies and HSTS": (values) => {
    values["edge"].className = "other";
    values["edge"].trustedProxies = ["10.0.0.0/8"];
    values["edge"].hsts = { maxAge: 0 };
  },
  "what may be reached outside": (values) => (values["network"].egress = {}),
  "the lifetime of data": (values) => (values["lifecycle"] = { protectData: false, retainData: true }),
  "the strategy": (values) => (values["release"] = { strategy: "recreate" }),
  "the revision, which is for the record": (values) => (values["release"] = { gitSha: "a".repeat(40) }),
  "what it has to keep to before it may begin, and an exception from that": (values) =>
    (values["release"] = {
      gates: {
        freeze: { timeZone: "UTC", weekly: [{ from: "sat 00:00", to: "sun 00:00" }] },
        oneChange: false,
        staging: { bench: "frappe-staging" },
      },
      proof: {
        ...{ bench: "frappe-staging", release: "0123456789", digest, apps: {} },
        confirmedAt: "2026-11-20T10:00Z",
      },
      exception: { release: "0123456789", gates: ["freeze"], reason: "r", by: "ada", until: "2026-11-20T10:00Z" },
    }),
  "the order of sites in the file": (values) => values["sites"].reverse(),
  "checks, which the next release has to pass": (values) =>
    (values["release"] = { checks: { rights: { kind: "script", site: "erp.example.com", text: "pass" } } }),
  "whether checks may write to a site": (values) => (values["sites"][1].disposable = true),
  "a site's domains, which nginx alone knows": (values) => (values["sites"][1].domains = ["www.shop.example.org"]),
};

describe("topology/release: the identity of a release", () => {
  const twoDomains = (values: Parameters<NonNullable<Change>>[0]) =>
    (values["sites"][0].domains = ["www.erp.example.com", "intranet.example.com"]);
  const id = idOf(twoDomains);
  const after = (change: NonNullable<Change>) =>
    idOf((values) => {
      twoDomains(values);
      change(values);
    });

  for (const [what, change] of Object.entries(released)) {
    it(`changes with ${what}`, () => assert.notEqual(after(change), id));
  }
  for (const [what, change] of Object.entries(notReleased)) {
    it(`stays with ${what}`, () => assert.equal(after(change), id));
  }

  it("differs for each of these changes, so that none hides another", () => {
    const ids = Object.values(released).map(after);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("stays when queues are declared in another order", () => {
    const queues = { one: { timeout: 10 }, two: { timeout: 20 } };
    const withQueues = (declared: object) =>
      idOf((values) => {
        values["bench"].queues = declared;
        values["bench"].workers.integrations.queues = ["one", "two"];
      });
    assert.equal(withQueues(queues), withQueues({ two: queues.two, one: queues.one }));
  });

  it("is short, and fit for a label, a name and a selector", () => assert.match(id, /^[0-9a-f]{10}$/));
});

describe("topology/release: kinds of change", () => {
  const kindsOf = (change?: Change) => planOf("prod", change).release.manifest.kinds;
  const before = kindsOf();
  const changedBy = (change: NonNullable<Change>) => {
    const after = kindsOf(change);
    return (["code", "sites", "settings"] as const).filter((kind) => after[kind] !== before[kind]);
  };

  /** A stack that goes back, or tries again, is made of the same things. */
  const none = ["the attempt", "the release to go back to", "another release to go back to"];
  const settings = ["the bench's id", "a queue's time limit", "another database"];
  const code = [
    "the image's digest",
    "an app's version",
    "the order in which apps are installed",
    "an app more in the image",
  ];

  for (const [what, change] of Object.entries(released)) {
    const expected = none.includes(what)
      ? []
      : code.includes(what)
        ? ["code"]
        : settings.includes(what)
          ? ["settings"]
          : ["sites"];
    it(`takes ${what} for ${expected[0] ?? "none"}, and for nothing else`, () =>
      assert.deepEqual(changedBy(change), expected));
  }
  for (const [what, change] of Object.entries(notReleased)) {
    it(`takes ${what} for none`, () => assert.deepEqual(changedBy(change), []));
  }
});

describe("topology/release: the gates", () => {
  const gatesOf = (...asked: Parameters<typeof planOf>) => planOf(...asked).release.manifest.gates;

  it("let production change one kind of thing at a time, and no other environment, unless the stack file says otherwise", () => {
    assert.deepEqual(gatesOf("staging"), { oneChange: false });
    assert.equal(gatesOf("prod").oneChange, true);
    assert.deepEqual(
      gatesOf("prod", (values) => (values["release"] = { gates: { oneChange: false } })),
      { oneChange: false },
    );
    assert.deepEqual(
      gatesOf("staging", (values) => (values["release"] = { gates: { oneChange: true } })),
      { oneChange: true },
    );
  });

  it("are the same for the runner as for whoever previews", () => {
    const exception = { release: "0123456789", gates: ["freeze"], reason: "r", by: "ada", until: "2026-11-20T10:00Z" };
    const plan = planOf("prod", (values) => (values["release"].exception = exception));
    const [job] = plan.steps.files.flatMap(({ files }) => files["job.json"] ?? []);
    const told = JSON.parse(job ?? "{}") as { gates: unknown; release: { kinds: unknown } };
    assert.deepEqual(told.gates, plan.release.manifest.gates);
    assert.deepEqual(told.release.kinds, plan.release.manifest.kinds);
    assert.deepEqual(plan.release.manifest.gates.exception, exception);
    assert.deepEqual(plan.release.manifest.gates.freeze, {
      timeZone: "Asia/Singapore",
      weekly: [{ from: "fri 12:00", to: "mon 06:00" }],
      dated: [],
    });
  });
});

describe("topology/release: the manifest", () => {
  it("says for reviewers what runs, on which sites, from which source", () => {
    const { release } = planOf("prod", (values) => (values["release"] = { gitSha: "b".repeat(40) }));
    const { image } = stackConfig("prod");
    assert.equal(release.manifest.image, `${image.repository}:${image.tag}@${image.digest}`);
    assert.equal(release.manifest.gitSha, "b".repeat(40));
    assert.deepEqual(release.manifest.apps, [
      { name: "frappe", version: "16.31.0" },
      { name: "erpnext", version: "16.33.0" },
    ]);
    assert.deepEqual(
      release.manifest.sites.map(({ name }) => name),
      ["erp.example.com", "shop.example.org", "books.example.net"],
    );
    assert.equal(release.manifest.releaseId, release.id);
  });

  it("says which release is gone back to, and leaves that out where none is", () => {
    const { release } = planOf("prod", (values) => (values["release"] = { rollbackTo: "0123456789" }));
    assert.equal(release.manifest.rollbackTo, "0123456789");
    assert.ok(!("rollbackTo" in planOf("prod").release.manifest));
  });

  it("leaves the revision out where the stack file names none", () => {
    assert.ok(!("gitSha" in planOf("prod").release.manifest));
  });
});
