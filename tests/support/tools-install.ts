// apt-get, made safe for tests: one at a time on the machine, never starting a service, never asking, never endless.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const minutes = 5;

/** The shell's part: under a machine-wide lock, with services kept from starting; lists are refreshed only when needed. */
const script = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 143' TERM INT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"; }
install "$@" || { apt-get update -o Acquire::Retries=2 && install "$@"; }
`;

/** Installs Debian packages, or throws an error that says why it cannot and what to do instead. */
export function installPackages(names: readonly string[], reason: string): void {
  const remedy = `${reason}; install it with: apt-get install -y ${names.join(" ")}`;
  if (!existsSync("/etc/debian_version") || !existsSync("/usr/bin/apt-get")) {
    throw new Error(`${remedy} (this is no Debian system: use your own package manager)`);
  }
  if (process.getuid?.() !== 0) throw new Error(`${remedy} (as root: this test run is not root and did not try)`);
  process.stderr.write(`    ${reason}: installing ${names.join(" ")} by apt-get\n`);
  const lock = ["-w", String(minutes * 60), "/run/lock/frappe-platform-apt.lock"];
  const argv = [...lock, "timeout", `${minutes}m`, "/bin/sh", "-c", script, "sh", ...names];
  const outcome = spawnSync("flock", argv, { encoding: "utf8", timeout: 2 * minutes * 60_000, maxBuffer: 64 << 20 });
  if (outcome.status === 0) return;
  const said = `${outcome.stdout}\n${outcome.stderr}`.trim().split("\n").slice(-8).join("\n");
  throw new Error(`${remedy}\napt-get failed (${outcome.status ?? outcome.signal ?? String(outcome.error)}):\n${said}`);
}
