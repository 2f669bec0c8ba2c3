// A stack's nginx as its pod has it: rendered files unchanged, the release's addresses, and a volume with files of each site.
import { paths } from "../../constants/paths.ts";
import { names } from "../../constants/names.ts";
import { ports } from "../../constants/ports.ts";
import type { StackPlan } from "../../topology/plan.ts";
import type { NginxClient, NginxOptions } from "../judges/nginx.ts";
import type { Backend, Seen } from "../judges/sandbox/protocol.ts";
import { benchFilesOf, planOf } from "../support/record-stack.ts";
import type { Change, StackName } from "../support/stacks.ts";

/** Two proxies of the edge, inside the declared ranges of every committed stack but dev, and a stranger. */
export const proxies = ["10.244.3.7", "10.244.9.9"] as const;
export const stranger = "192.0.2.9";

/** What the release's images bring. */
export const assets = {
  "frappe/dist/js/desk.bundle.AB2CD3EF.js": "let desk = 1;\n",
  "frappe/dist/css/desk.bundle.ZY9XW8VU.css": "body { margin: 0 }\n",
  "frappe/images/logo.png": "not much of a picture\n",
} as const;

/** Uploads, by name; each tells whose it is. */
export const uploads = [
  ...["photo.png", "minutes.txt", "noextension", "two words.pdf", "überblick.pdf", "offer.docx"],
  ...["page.html", "page.htm", "page.shtml", "PAGE.HTML", "drawing.svg", "drawing.SVG", "drawing.svgz"],
  ...["data.xml", "data.xhtml", "feed.rss", "feed.Atom", "places.kml", "list.xspf", "formula.mml"],
] as const;
export const upload = (site: string, name: string): string => `${name} of ${site}\n`;

function sitesVolume({ sites }: StackPlan): Record<string, string> {
  const filesOf = (site: string): [string, string][] => [
    ...uploads.map((name): [string, string] => [`public/files/${name}`, upload(site, name)]),
    [`public/files/only-${site}.txt`, upload(site, "only")],
    ["private/files/letter.txt", upload(site, "letter")],
    [`private/files/only 100% ${site}.txt`, upload(site, "private only")],
    ["site_config.json", '{ "db_password": "secret" }'],
  ];
  return Object.fromEntries(
    sites.flatMap(({ name }) => filesOf(name).map(([file, text]) => [`${paths.sites}/${name}/${file}`, text])),
  );
}

/** What nginx asks: not itself, which the release's own address leads to. */
const asked = ({ releaseServices }: StackPlan["bench"]) =>
  releaseServices.filter(({ component }) => component !== "nginx");

/** Other sets' nginx: where this one listens on every IPv4 address, they have others. */
export const neighbours = { [names.nginx]: "fd00:4::1", [names.nginxCanary]: "fd00:4::2" } as const;

/** Where the names of a release and of the services beside it lead to in the sandbox. */
export function addressesOf({ bench, services }: StackPlan): Record<string, string> {
  const addresses = [
    ...asked(bench).map(({ name, component }, index) => [name, component === "web" ? "127.0.1.1" : `127.0.2.${index}`]),
    ...services.services.map(({ name }, index) => [name, `127.0.3.${index}`]),
  ];
  return { ...(Object.fromEntries(addresses) as Record<string, string>), ...neighbours };
}

/** Echo servers in place of gunicorn, of each socketio replica and of each service, under the names of their Services. */
export const backendsOf = (plan: StackPlan, answers: NonNullable<Backend["answers"]> = {}): Backend[] =>
  [...asked(plan.bench), ...plan.services.services].map(({ name, ports: [port] }) => ({
    name,
    address: addressesOf(plan)[name] ?? "",
    port: port?.port ?? 0,
    answers,
  }));

/** @param configKey which of the bench's rendered files nginx runs. */
export function nginxOf(
  stack: StackName,
  configKey: "nginx.conf" | "session-proxy.conf" = "nginx.conf",
  change?: Change,
): NginxOptions {
  const plan = planOf(stack, change);
  const rendered = benchFilesOf(plan)[configKey] ?? "";
  const served = Object.entries(assets).map(([name, text]) => [`${paths.bench}/assets/${name}`, text]);
  return {
    config: paths.nginxConfig,
    files: {
      [paths.nginxConfig]: rendered,
      ...(configKey === "nginx.conf" && { ...Object.fromEntries(served), ...sitesVolume(plan) }),
    },
    hosts: addressesOf(plan),
    addresses: [...proxies, "10.42.0.7", stranger],
    backends: backendsOf(plan),
    writable: ["/tmp"],
    port: configKey === "nginx.conf" ? ports.nginx : ports.web,
  };
}

/** The request as a backend got it; an error when it did not. */
export function seen(answer: { status: number; body: string; error?: string }): Seen {
  if (answer.status !== 200 || !answer.body.startsWith("{")) {
    throw new Error(`no backend answered: ${answer.status} ${answer.error ?? answer.body.slice(0, 200)}`);
  }
  return JSON.parse(answer.body) as Seen;
}

/** Asks as a browser does whose request came by the edge over TLS. */
export const visitor =
  (nginx: () => NginxClient, site: string) =>
  (path: string, host = site, more: Record<string, string> = {}) =>
    nginx().request({
      port: ports.nginx,
      from: proxies[0],
      path,
      headers: { Host: host, "X-Forwarded-Proto": "https", ...more },
    });
