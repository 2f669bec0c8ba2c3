import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type DumpFacts, scanDump } from "../../backup/scan.ts";

const trailers = { mariadb: "-- Dump completed", postgres: "-- PostgreSQL database dump complete" } as const;

describe("backup: reading a dump", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "scan-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  async function scan(engine: "mariadb" | "postgres", text: string): Promise<DumpFacts> {
    const file = path.join(folder, "dump.sql");
    writeFileSync(file, text);
    return scanDump(file, engine, trailers[engine]);
  }

  const row = `(1,'it\\'s ; (x), ''quoted''',NULL,0x28292C)`;
  const forms = {
    "one line a statement": `INSERT INTO \`tab A\` VALUES ${row},${row};\n`,
    "one line a row": `INSERT INTO \`tab A\` VALUES\n${row},\n${row};\n`,
    "named columns": `INSERT INTO \`tab A\` (\`a\`, \`b\`) VALUES ${row},${row};\n`,
  };
  for (const [form, insert] of Object.entries(forms)) {
    it(`counts MariaDB's rows with ${form}`, async () => {
      const text = `CREATE TABLE \`tab A\` (\n  \`a\` int\n);\nCREATE TABLE \`odd\`\`é\` (\n);\n${insert}INSERT INTO \`odd\`\`é\` VALUES (1);\n-- Dump completed on 2026-01-01\n`;
      const { tables, complete } = await scan("mariadb", text);
      assert.deepEqual([tables, complete], [{ "tab A": 2, "odd`é": 1 }, true]);
    });
  }

  it("counts MariaDB's rows across the pieces in which a file is read", async () => {
    const long = `(1,'${"x(',".replaceAll("'", "\\'").repeat(3_000)}')`;
    const inserts = Array.from({ length: 400 }, () => `INSERT INTO \`t\` VALUES ${long},${long};\n`).join("");
    const { tables } = await scan("mariadb", `CREATE TABLE \`t\` (\n);\n${inserts}-- Dump completed\n`);
    assert.deepEqual(tables, { t: 800 });
  });

  it("counts nothing of what a routine would do", async () => {
    const routine =
      "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN\nCREATE TABLE `never` (\nINSERT INTO `t` VALUES ((((';;\nDELIMITER ;\n";
    const { tables } = await scan("mariadb", `CREATE TABLE \`t\` (\n);\n${routine}-- Dump completed\n`);
    assert.deepEqual(tables, { t: 0 });
  });

  it("counts Postgres's rows, and nothing of what stands in them", async () => {
    const copy = `COPY public."tab A" (a, b) FROM stdin;\n1\tCREATE TABLE public.x (\n2\tCOPY public.y (a) FROM stdin;\n\\\\.\tx\n\\.\n`;
    const text = `CREATE TABLE public."tab A" (\n);\nCREATE UNLOGGED TABLE public.plain (\n);\n${copy}--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n`;
    const { tables, complete } = await scan("postgres", text);
    assert.deepEqual([tables, complete], [{ "tab A": 3, plain: 0 }, true]);
  });

  it("finds a dump cut that ends anywhere before its trailer", async () => {
    const mariadb = `CREATE TABLE \`t\` (\n);\nINSERT INTO \`t\` VALUES ('\n-- Dump completed'),(2);\n-- Dump completed\n`;
    const postgres = `CREATE TABLE public.t (\n);\nCOPY public.t (a) FROM stdin;\n-- PostgreSQL database dump complete\n\\.\n--\n-- PostgreSQL database dump complete\n--\n`;
    for (const [engine, text] of Object.entries({ mariadb, postgres }) as ["mariadb" | "postgres", string][]) {
      assert.equal((await scan(engine, text)).complete, true);
      const last = text.lastIndexOf(trailers[engine]);
      for (let end = 0; end < last + trailers[engine].length; end++) {
        const cut = text.slice(0, end);
        assert.equal((await scan(engine, cut)).complete, false, JSON.stringify(cut));
      }
    }
  });
});
