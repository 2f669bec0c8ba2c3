import assert from "node:assert/strict";
import { tlsRequired as rule } from "../../policies/tls-required.ts";
import { assertSaid, type Given, judge, judgeStack, unknownList, unknownObject, unknownText } from "./judged.ts";
import { type Loose, object } from "./samples.ts";

const group = "gateway.networking.k8s.io/v1";
const https: Loose = {
  name: "a",
  port: 443,
  protocol: "HTTPS",
  tls: { mode: "Terminate", certificateRefs: [{ name: "tls-a" }] },
};
const http: Loose = { name: "http", port: 80, protocol: "HTTP" };
const gateway = (...listeners: Loose[]): Given => ({
  ...object(`${group}:Gateway`, { metadata: { name: "frappe" }, spec: { listeners } }),
  name: "gateway",
});
const redirect: Loose = { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }] };
const serve: Loose = { backendRefs: [{ name: "nginx" }] };
const route = (name: string, parent: Loose, ...rules: Loose[]): Given => ({
  ...object(`${group}:HTTPRoute`, { metadata: { name }, spec: { parentRefs: [{ name: "frappe", ...parent }], rules } }),
  name,
});
const ingress = (spec: Loose) => object("networking.k8s.io/v1:Ingress", { spec });
const service = (spec: Loose) => object("core/v1:Service", { spec });

describe("frappe-tls-required", () => {
  it("takes listeners that answer with a certificate, also one whose name a preview does not know", () => {
    assert.deepEqual(judge(rule, gateway(https, { ...https, protocol: "TLS" })), []);
    assert.deepEqual(judge(rule, gateway({ ...https, tls: { certificateRefs: [{ name: unknownText }] } })), []);
  });

  it("refuses a listener without a certificate, or that hands TLS through", () => {
    for (const tls of [
      undefined,
      {},
      { certificateRefs: [] },
      { certificateRefs: [{}] },
      unknownObject,
      { ...https.tls, mode: "Passthrough" },
    ]) {
      assertSaid(judge(rule, gateway(https, { ...https, tls })), /^listeners\[1\] a: no certificate to answer with/);
    }
  });

  it("refuses a listener of another protocol, or of one that a preview does not know, and unknown listeners", () => {
    for (const protocol of ["TCP", "UDP", undefined, unknownText]) {
      assertSaid(judge(rule, gateway({ ...https, protocol })), /^listeners\[0\] a: the protocol .+ is not encrypted/);
    }
    const hidden = object(`${group}:Gateway`, { spec: { listeners: unknownList } });
    assertSaid(judge(rule, hidden), /^listeners: not known in a preview/);
  });

  it("takes a plain listener whose routes do no more than send to https", () => {
    const stack = [
      gateway(https, http),
      route("to-https", { sectionName: "http" }, redirect),
      route("sites", { sectionName: "a" }, serve),
    ];
    assert.deepEqual(judgeStack(rule, stack), []);
  });

  it("refuses a plain listener that nothing redirects, also where another Gateway's is", () => {
    const elsewhere = route("to-https", { name: "other", sectionName: "http" }, redirect);
    for (const more of [[], [elsewhere], [route("sites", { sectionName: "a" }, serve)]]) {
      assertSaid(judgeStack(rule, [gateway(http), ...more]), /^gateway: listeners\[0\] http: plain HTTP, and no route/);
    }
  });

  it("refuses a route that serves a plain listener, by its name or by the whole Gateway, beside the redirect", () => {
    const toHttps = route("to-https", { sectionName: "http" }, redirect);
    for (const parent of [{ sectionName: "http" }, {}]) {
      for (const rules of [
        [serve],
        [redirect, serve],
        [{ ...redirect, ...serve }],
        [{ filters: [] }],
        [unknownObject],
      ]) {
        const stack = [gateway(https, http), toHttps, route("sites", parent, ...rules)];
        assertSaid(
          judgeStack(rule, stack),
          /^sites: it serves listeners\[1\] http of its Gateway, which is plain HTTP/,
        );
      }
    }
  });

  it("refuses a route of any kind that serves a plain listener, and one whose rules a preview does not know", () => {
    const toHttps = route("to-https", { sectionName: "http" }, redirect);
    for (const kind of ["GRPCRoute", "TLSRoute", "TCPRoute"]) {
      const other = { ...route("other", {}, serve), type: `kubernetes:${group}:${kind}` };
      assertSaid(judgeStack(rule, [gateway(https, http), toHttps, other]), /^other: it serves listeners\[1\] http/);
    }
    const spec = { parentRefs: [{ name: "frappe", sectionName: "http" }], rules: unknownList };
    const hidden = { ...object(`${group}:HTTPRoute`, { metadata: { name: "hidden" }, spec }), name: "hidden" };
    assertSaid(judgeStack(rule, [gateway(https, http), toHttps, hidden]), /^hidden: it serves/);
  });

  it("refuses plain listeners that are added to a Gateway from elsewhere, and takes those with a certificate", () => {
    for (const type of [`${group}:ListenerSet`, "gateway.networking.x-k8s.io/v1alpha1:XListenerSet"]) {
      const set = (listener: Loose) => object(type, { spec: { listeners: [listener] } });
      assert.deepEqual(judge(rule, set(https)), []);
      assertSaid(judge(rule, set(http)), /^listeners\[0\] http: the protocol "HTTP" is not encrypted/);
    }
  });

  it("refuses controllers' own routes without a certificate", () => {
    const traefik = (kind: string, spec: Loose) => object(`traefik.io/v1alpha1:${kind}`, { spec });
    const proxy = (spec: Loose) => object("projectcontour.io/v1:HTTPProxy", { spec });
    const tls = { secretName: "tls-a" };
    const good = [traefik("IngressRoute", { tls }), proxy({ virtualhost: { fqdn: "a", tls } }), proxy({ routes: [] })];
    assert.deepEqual(
      good.flatMap((given) => judge(rule, given)),
      [],
    );
    for (const kind of ["IngressRoute", "IngressRouteTCP"]) {
      assertSaid(judge(rule, traefik(kind, { entryPoints: ["web"] })), /^spec\.tls: no certificate to answer with/);
    }
    assertSaid(judge(rule, traefik("IngressRouteUDP", {})), /^UDP is not encrypted/);
    assertSaid(judge(rule, proxy({ virtualhost: { fqdn: "a" } })), /^spec\.virtualhost\.tls: no certificate/);
  });

  it("refuses a redirect that stays on http", () => {
    const stay = { filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "http", hostname: "a" } }] };
    assertSaid(judgeStack(rule, [gateway(http), route("r", { sectionName: "http" }, stay)]), /^r: it serves/);
  });

  it("takes an Ingress whose every host has a certificate, by its name or by a wildcard one label above", () => {
    const spec = {
      rules: [{ host: "a.example.com" }, { host: "b.example.org" }, { host: "*.example.net" }],
      tls: [
        { hosts: ["a.example.com"], secretName: "a" },
        { hosts: ["*.example.org", "*.example.net"], secretName: unknownText },
      ],
    };
    assert.deepEqual(judge(rule, ingress(spec)), []);
  });

  it("refuses an Ingress with a host that no certificate is for", () => {
    const tls = [{ hosts: ["a.example.com", "*.example.org"], secretName: "a" }, { hosts: ["b.example.com"] }];
    for (const host of ["c.example.com", "b.example.com", "a.b.example.org", "example.org", undefined, unknownText]) {
      assertSaid(judge(rule, ingress({ rules: [{ host }], tls })), /^rules\[0\]: no certificate for the host/);
    }
  });

  it("refuses an Ingress that answers any other host", () => {
    assertSaid(judge(rule, ingress({ defaultBackend: { service: { name: "nginx" } } })), /^defaultBackend: /);
  });

  it("refuses a Service that is reached around the edge, and takes one inside", () => {
    const inside = [{}, { type: "ClusterIP" }, { clusterIP: "None" }].map(service);
    assert.deepEqual(
      inside.flatMap((given) => judge(rule, given)),
      [],
    );
    for (const type of ["NodePort", "LoadBalancer", unknownText]) {
      assertSaid(judge(rule, service({ type })), /^type is .+: it is reached without the edge's TLS\. Let frappe:edge/);
    }
    assertSaid(judge(rule, service({ externalIPs: ["203.0.113.7"] })), /^externalIPs: /);
  });

  it("refuses a certificate for no name or into no Secret", () => {
    const certificate = (spec: Loose) => object("cert-manager.io/v1:Certificate", { spec });
    assert.deepEqual(judge(rule, certificate({ dnsNames: ["a"], secretName: "tls-a" })), []);
    for (const spec of [
      { secretName: "a" },
      { dnsNames: [], secretName: "a" },
      { dnsNames: ["a"] },
      { dnsNames: unknownList },
    ]) {
      assertSaid(judge(rule, certificate(spec)), /^a certificate needs dnsNames and a secretName/);
    }
  });

  it("has nothing to say of other objects", () => {
    assert.deepEqual(judge(rule, object("core/v1:ConfigMap", { data: unknownObject })), []);
  });
});
