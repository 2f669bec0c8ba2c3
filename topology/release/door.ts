/**
 * A check's own way into its site: while a release is verified the site may be closed to everybody, and this web serves it all the same, on
 * the loopback of the check's pod. Nothing is written into the site's configuration, so no kill can leave a site open.
 */
import { bytes } from "../../config/units.ts";
import { checkVariables, doorPace } from "../../constants/checks.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import {
  benchEnv,
  configFiles,
  databaseTlsFiles,
  nginxContainer,
  probe,
  sitesMount,
  writable,
  type BenchContext,
} from "../bench/context.ts";
import { guardConfig, guardEnv, guardFilesIn, guardProgram, watched } from "../bench/guard.ts";
import { renderNginx } from "../nginx/config.ts";
import type { ConfigFilesPlan, ContainerPlan } from "../types.ts";

export const loopback = "127.0.0.1";

const files = "check-door";
const reader = "check-reader";
const module = { folder: "/opt/frappe/door", name: "door" } as const;

/**
 * Frappe reads a site's configuration anew for each request (frappe/app.py, init_request), which calls `frappe.init` by that name in 15 and
 * in 16; what that has put into `frappe.local.conf` is a copy, with the cache of 16 too.
 */
const text = `"""Frappe's web for one site, which may be in maintenance, and for no other."""

import os

import frappe
import frappe.app

site = os.environ["${checkVariables.site}"]
begin = frappe.init


def init(*args, **more):
    begin(*args, **more)
    if frappe.local.site == site:
        frappe.local.conf["maintenance_mode"] = 0


frappe.init = init


def application(environ, start_response):
    environ["HTTP_X_FRAPPE_SITE_NAME"] = site
    return frappe.app.application(environ, start_response)
`;

const nginxKey = (name: string) => `${name}.conf`;

function nginxConfig({ config }: BenchContext, site: string): string {
  return renderNginx({
    address: loopback,
    hosts: new Map([[site, site]]),
    routeSets: [{ hosts: [site], routes: [] }],
    services: [],
    web: loopback,
    // Nobody listens there. Realtime takes the site from whoever connects, and asks an address of his whose session it is: a program beside it
    // on the loopback would hear of every site, so the door has none.
    socketio: [loopback],
    trustedProxies: [],
    bodyLimit: bytes(config.bench.nginx.bodyLimit),
    readTimeout: config.bench.web.timeout,
    redirectToHttps: false,
    counted: false,
    hsts: config.edge.hsts,
  });
}

/** The one address that the check's program is told. */
export const doorAddress = (site: string): string => `http://${site}:${ports.nginx}`;

/** @param shared Rendered files of the bench. @param text The reader's program. */
export const doorFiles = (
  context: BenchContext,
  checks: readonly { readonly name: string; readonly site: string }[],
  shared: ConfigFilesPlan,
  program: string,
): readonly ConfigFilesPlan[] => [
  guardProgram(reader, program),
  {
    name: files,
    files: {
      ...shared.files,
      ...guardConfig(context, doorPace),
      [`${module.name}.py`]: text,
      ...Object.fromEntries(checks.map(({ name, site }) => [nginxKey(name), nginxConfig(context, site)])),
    },
  },
];

/** Answers, and not with the page of maintenance. The kubelet asks a pod's own address, so each asks itself. */
const serves = (site: string, port: number, path: string) =>
  probe(
    { exec: ["curl", "-sf", "-o", "/dev/null", "-m", "4", "-H", `Host: ${site}`, `http://${loopback}:${port}${path}`] },
    { period: 2, failures: 90 },
  );

const ping = "/api/method/ping";

function web(context: BenchContext, site: string): ContainerPlan {
  return {
    name: "web",
    image: context.release.image,
    workingDir: paths.bench,
    command: watched([
      paths.gunicorn,
      `--chdir=${paths.sites}`,
      `--pythonpath=${module.folder}`,
      `--bind=${loopback}:${ports.web}`,
      "--workers=1",
      "--threads=8",
      "--worker-class=gthread",
      "--worker-tmp-dir=/dev/shm",
      `--timeout=${context.config.bench.web.timeout}`,
      "--graceful-timeout=1",
      "--keep-alive=75",
      `${module.name}:application`,
    ]),
    env: { ...benchEnv(context), ...guardEnv("door"), [checkVariables.site]: site },
    ports: [],
    files: [
      ...configFiles(files),
      ...databaseTlsFiles(context),
      ...guardFilesIn({ program: reader, config: files }),
      { path: `${module.folder}/${module.name}.py`, from: { config: files, key: `${module.name}.py` } },
    ],
    writable,
    volumes: [sitesMount(false)],
    resources: { cpu: "100m", memory: "1Gi", ephemeralStorage: "1Gi" },
    probes: { startup: serves(site, ports.web, ping) },
  };
}

const nginx = (context: BenchContext, name: string, site: string): ContainerPlan =>
  nginxContainer(context, {
    name: "nginx",
    config: { name: files, key: nginxKey(name) },
    ports: [],
    volumes: [sitesMount(true)],
    resources: { cpu: "20m", memory: "128Mi", ephemeralStorage: "256Mi" },
    probes: { startup: serves(site, ports.nginx, ping) },
  });

/** In the order in which they start: each needs the one before. */
export const door = (context: BenchContext, name: string, site: string): readonly ContainerPlan[] => [
  web(context, site),
  nginx(context, name, site),
];
