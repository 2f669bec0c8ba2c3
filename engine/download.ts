/** Pulumi's official download, through Pulumi's own npm package, into Pulumi's own folder. */
import { join } from "node:path";
import { environment } from "./environment.ts";
import { versionBin, type Report } from "./find.ts";
import { run, tail } from "./run.ts";
import { engineVersions } from "./versions.ts";

/** Seconds; the package is small, the engine some 150 MB. Where the site cannot be reached it fails in a second or two. */
const deadline = 600;

/** @returns the path of the program that was installed. */
export async function downloadEngine(_report: Report): Promise<string> {
  const version = engineVersions.download;
  const env = environment.forChild({ PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_VERSION: version });
  const { code, stdout, stderr } = await run(["npx", "--yes", `pulumi@${version}`, "version"], {
    seconds: deadline,
    env,
  });
  if (code !== 0) {
    throw new Error(`the download site was not reached, or refused:\n    ${tail(stderr || stdout)}`);
  }
  return join(versionBin(version), "pulumi");
}
