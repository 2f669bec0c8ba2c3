import assert from "node:assert/strict";
import { sharedRules } from "../../topology/route.ts";
import { judged, place, route, shareIn, weight } from "./canary-routes.ts";
import { type JobServer, startJobServer } from "./job-server.ts";
import { event, input, release, run, template } from "./run-step.ts";

describe("a canary that is followed", () => {
  let server: JobServer;
  const writes = () => server.written.map(({ name, rules }) => `${name} ${shareIn(rules)}`);
  const shares = () => [...(server.routes?.values() ?? [])].map(({ spec }) => shareIn(spec.rules));

  beforeEach(async () => {
    server = await startJobServer(template());
    server.routes = new Map([route("sites-0"), route("to-https", "redirects"), route("sites-1")]);
  });
  afterEach(() => server.stop());

  /** Says what comes next when both routes have the share that was asked for. */
  const goes = (next: Readonly<Record<string, () => void>>) => {
    server.onWritten = () => {
      const [share, , other] = shares();
      if (share === other) next[String(share)]?.();
    };
  };

  it("gets the shares that its Job asks for, on each route of the sites, and none when it is verified", async () => {
    server.onMade = () => server.log(weight(10));
    goes({
      10: () => server.log(weight(50)),
      50: () => {
        server.log(weight(0), judged);
        server.end("Complete");
      },
    });
    const { code, output, progress } = await run(server, "verify");
    assert.equal(code, 0);
    assert.match(output, /"state":"verified"/);
    assert.match(progress, /the routes give the canary 10 %\n/);
    assert.deepEqual(writes(), [
      "sites-0 10",
      "sites-1 10",
      "sites-0 50",
      "sites-1 50",
      "sites-0 declared",
      "sites-1 declared",
    ]);
    assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
    assert.ok(server.written.every(({ manager }) => manager === "frappe-canary"));
  });

  describe("whose Job says much between the shares", () => {
    const said = event("progress", { line: "looked" });
    const much = (...lines: string[]) => server.log(...lines.flatMap((line) => [line, said, said, said]));
    /** A line at a time, each after the follower has had the one before. */
    const slowly = (next: () => void) => {
      let told = 0;
      return (progress: string) => {
        const all = progress.split("looked").length - 1;
        if (!server.written.length || all === told || told > 5) return;
        told = all;
        if (told > 5) next();
        else server.log(said);
      };
    };
    const endings: Readonly<Record<string, (stop: AbortController) => void>> = {
      "is verified": () => {
        server.log(weight(0), judged);
        server.end("Complete");
      },
      "is aborted": () => {
        server.log(weight(0), event("release", { release, state: "aborted" }));
        server.end("Failed");
      },
      "ends without a word": () => server.end("Failed"),
      "is deleted": () => (server.jobs.clear(), server.cut()),
      "is left by its follower": (stop) => stop.abort(),
    };
    for (const [how, end] of Object.entries(endings)) {
      it(`gets each of them, and none when it ${how}`, async () => {
        const stop = new AbortController();
        server.onMade = () => much(weight(10));
        goes({
          10: () => much(said, weight(25)),
          25: () => much(said, weight(50)),
          50: () => server.log(said),
        });
        const given = slowly(() => end(stop));
        const seen = (progress: string) => shares()[0] === 50 && shares()[2] === 50 && given(progress);
        await run(server, "verify", { stop, seen });
        assert.deepEqual(
          writes().filter((write) => write.startsWith("sites-1")),
          ["sites-1 10", "sites-1 25", "sites-1 50", "sites-1 declared"],
        );
        assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
      });
    }
  });

  for (const [how, end] of [
    ["fails", () => server.end("Failed")],
    ["is deleted", () => (server.jobs.clear(), server.cut())],
  ] as const) {
    it(`has none when its Job ${how} without a word`, async () => {
      server.onMade = () => server.log(weight(25));
      goes({ 25: end });
      const { code } = await run(server, "verify");
      assert.notEqual(code, 0);
      assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
    });
  }

  it("has none when whoever follows it is asked to end, while its Job goes on", async () => {
    const stop = new AbortController();
    server.onMade = () => server.log(weight(25));
    goes({ 25: () => stop.abort() });
    const { refused } = await run(server, "verify", { stop });
    assert.match(refused ?? "", /^interrupted; the Job release-0123456789-verify-1 goes on/);
    assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
    assert.equal(server.jobs.size, 1);
  });

  it("gets the last share at once when its follower comes back to a log of several", async () => {
    server.add("release-0123456789-verify-1");
    server.log(weight(10), weight(25), weight(50));
    goes({
      50: () => {
        server.log(judged);
        server.end("Complete");
      },
    });
    assert.equal((await run(server, "verify")).code, 0);
    assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
    assert.ok(writes().filter((write) => write.startsWith("sites-1")).length <= 3, writes().join());
  });

  it("gets its share over an API server that is away, and routes that somebody else has just written", async () => {
    server.fail("GET httproutes", 503, "cut");
    server.fail("PATCH httproute", 409, 500, "done, then cut");
    server.onMade = () => server.log(weight(10));
    goes({
      10: () => {
        server.log(weight(0), judged);
        server.end("Complete");
      },
    });
    assert.equal((await run(server, "verify")).code, 0);
    assert.deepEqual(shares(), ["declared", '"redirects"', "declared"]);
  });

  it("gets none where a route leads elsewhere, and says whose that is to put right", async () => {
    const elsewhere = [{ backendRefs: [{ name: "maintenance-page", port: 80 }] }];
    server.routes = new Map([route("sites-0", elsewhere)]);
    server.onMade = () => server.log(weight(10));
    let ended = false;
    const { code, progress } = await run(server, "verify", {
      seen: (progress) => {
        if (ended || !progress.includes("could not give")) return;
        ended = true;
        server.log(event("failed", { level: "error", cause: "not in force" }), event("release", { state: "aborted" }));
        server.end("Failed");
      },
    });
    assert.equal(code, 1);
    assert.match(progress, /could not give the canary 10 %: expected the HTTPRoute sites-0 to lead to the bench/);
    assert.deepEqual(server.written, []);
  });

  it("fails the step when its share cannot be taken back, and says what stands", async () => {
    server.onMade = () => server.log(weight(10));
    goes({
      10: () => {
        server.fail("PATCH httproute", ...Array.from({ length: 20 }, () => 403));
        server.log(weight(0), judged);
        server.end("Complete");
      },
    });
    const { code, output, progress } = await run(server, "verify");
    assert.deepEqual([code, output], [1, ""]);
    assert.match(progress, /FAILED: verify .*may still have a share of the requests.*the API server answered 403/);
  });

  it("takes no share for one that is no number of percent", async () => {
    server.onMade = () => {
      server.log(
        weight(100),
        weight(-1),
        weight(1.5),
        event("weight", { weight: "10" }),
        event("done", { weight: 10 }),
      );
      server.end("Complete");
    };
    assert.equal((await run(server, "verify")).code, 0);
    assert.deepEqual(
      server.asked.filter((line) => line.includes("httproute")),
      ["GET httproutes"],
      "it is looked once what was left",
    );
  });

  describe("and was left with a share", () => {
    it("loses it to the next release's first step, before anything else", async () => {
      server.routes = new Map([route("sites-0", sharedRules("fedcba9876", 50)), route("sites-1")]);
      server.onMade = () => {
        assert.deepEqual(shares(), ["declared", "declared"]);
        server.end("Complete");
      };
      const { code, progress } = await run(server, "prepare");
      assert.equal(code, 0);
      assert.match(progress, /took back the share that an earlier canary was left with: sites-0\n/);
      assert.deepEqual(writes(), ["sites-0 declared"]);
    });

    for (const [how, lines, end] of [
      ["is verified", [weight(0), judged], "Complete"],
      ["is aborted", [event("release", { release, state: "aborted" })], "Failed"],
      ["fails without a word", [], "Failed"],
    ] as const) {
      it(`by a follower that was killed, loses it to the next one, when it ${how}`, async () => {
        server.routes = new Map([route("sites-0", sharedRules(release, 50)), route("sites-1")]);
        server.add("release-0123456789-verify-1");
        server.log(...lines);
        let followed = false;
        const { code } = await run(server, "verify", {
          seen: (progress) => {
            if (followed || !progress.includes("following")) return;
            followed = true;
            assert.deepEqual(shares(), [50, "declared"], "its Job may want it");
            server.end(end);
          },
        });
        assert.equal(code, end === "Complete" ? 0 : 1);
        assert.deepEqual(writes(), ["sites-0 declared"]);
      });
    }

    it("loses it to a follower that is asked to end, and to the last step", async () => {
      const stop = new AbortController();
      server.routes = new Map([route("sites-0", sharedRules(release, 50))]);
      server.onMade = () => stop.abort();
      await run(server, "verify", { stop });
      assert.deepEqual(writes(), ["sites-0 declared"]);
      server.routes = new Map([route("sites-0", sharedRules(release, 50))]);
      server.onMade = () => {
        assert.deepEqual(shares(), ["declared"]);
        server.end("Complete");
      };
      assert.equal((await run(server, "confirm")).code, 0);
    });

    it("loses it over a route that somebody else has just written", async () => {
      server.routes = new Map([route("sites-0", sharedRules(release, 50))]);
      server.fail("PATCH httproute", 409);
      server.onMade = () => server.end("Complete");
      assert.equal((await run(server, "prepare")).code, 0);
      assert.deepEqual(shares(), ["declared"]);
    });

    it("fails the step that may see it and not take it back", async () => {
      server.routes = new Map([route("sites-0", sharedRules(release, 50))]);
      server.fail("PATCH httproute", ...Array.from({ length: 20 }, () => 403));
      server.onMade = () => server.end("Complete");
      const { code, progress } = await run(server, "verify");
      assert.equal(code, 1);
      assert.match(progress, /FAILED: verify .*: the API server answered 403/);
    });

    for (const step of ["prepare", "verify", "confirm"]) {
      it(`is looked for by ${step}, which goes on where that is not allowed`, async () => {
        server.fail("GET httproutes", ...Array.from({ length: 20 }, () => 403));
        server.onMade = () => server.end("Complete");
        const { code, progress } = await run(server, step);
        assert.equal(code, 0);
        assert.match(progress, /did not look whether a canary was left with a share .*: the API server answered 403/);
      });

      it(`is not looked for by ${step} where the edge has no routes`, async () => {
        server.onMade = () => server.end("Complete");
        assert.equal((await run(server, step, { given: input({ gateway: false }) })).code, 0);
        assert.ok(!server.asked.includes("GET httproutes"));
      });
    }

    it("is no matter where the cluster knows no routes, or none is shared", async () => {
      server.onMade = () => server.end("Complete");
      assert.equal((await run(server, "prepare")).code, 0);
      server.routes = undefined;
      assert.equal(
        (await run(server, "prepare", { given: JSON.stringify({ ...{ release, attempt: 2 }, ...place }) })).code,
        0,
      );
      assert.deepEqual(server.written, []);
    });
  });
});
