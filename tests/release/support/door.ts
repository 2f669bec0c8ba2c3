// The web of a check, whose guard shuts where that of a role of the bench would leave it be.
import type { DatabaseServer } from "../../backup/support/servers.ts";
import { type ReaderSuite, startLine } from "./reader.ts";

export function itEndsDoors(given: () => { readonly server: DatabaseServer; readonly suite: ReaderSuite }): void {
  it("ends the web of a check while nobody answers, since it serves a site that is closed", async () => {
    const { server, suite } = given();
    await suite.tryOut("t4", 600_000);
    const line = await startLine(server.port);
    const database = { ...suite.job.backup.database, port: line.port };
    const argv = ["run", "sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done"];
    const reading = suite.start(argv, { database, release: "t4" }, "door");
    await reading.says(/up\n/);
    await line.cut();
    await reading.says(/"event":"ending"/);
    await reading.says(/"event":"waiting"/);
    reading.child.kill("SIGTERM");
    await reading.ended;
    await suite.tryOut("t4", 0, "aborted");
  });
}
