// What a site's database holds in these tests: names with spaces, every byte, text that looks like SQL, and all kinds of objects.
import type { DatabaseServer } from "./servers.ts";

interface Content {
  make: (server: DatabaseServer, schema: string, password: string, empty: boolean) => void;
  /** A digest of each table's rows, and of what else there is, by name. */
  digests: (server: DatabaseServer, schema: string) => Record<string, string>;
  drop: (server: DatabaseServer, schema: string) => void;
}

export const rowsOfInvoices = 1_000;
const everyByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join("");
/** Quotes, a dump's own words, brackets, tabs and line ends. */
const nasty = [
  "It's \"quoted\" \\ back\\'slash",
  "INSERT INTO `tabUser` VALUES (1),(2);",
  "-- Dump completed\n-- PostgreSQL database dump complete\n\\.\n",
  "tab\there, line\r\nend, (brackets); NUL follows as \\0",
  "emoji \u{1F600}\u{1F469}\u{200D}\u{1F52C} कखग 漢字 é",
  'CREATE TABLE `tabFake` (\nCREATE TABLE public."tabFake" (\nDELIMITER ;;',
  "",
];
const apps = '["frappe", "erpnext"]';

const mariadbText = (value: string) => `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
const postgresText = (value: string) => `'${value.replaceAll("'", "''")}'`;

const mariadb: Content = {
  make: (server, schema, password, empty) => {
    server.sql(`
      CREATE DATABASE \`${schema}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
      CREATE USER \`${schema}\`@'%' IDENTIFIED BY ${mariadbText(password)};
      GRANT ALL PRIVILEGES ON \`${schema}\`.* TO \`${schema}\`@'%';`);
    if (empty) return;
    server.sql(
      `
      CREATE TABLE \`tabDefaultValue\` (name varchar(140) PRIMARY KEY, parent varchar(140), defkey varchar(140), defvalue longtext);
      INSERT INTO \`tabDefaultValue\` VALUES ('a', '__global', 'installed_apps', ${mariadbText(apps)});
      CREATE TABLE \`tabSales Invoice\` (name varchar(140) PRIMARY KEY, total decimal(21,9), creation datetime(6), note longtext,
        half decimal(21,9) AS (total / 2) STORED);
      INSERT INTO \`tabSales Invoice\` (name, total, creation, note) SELECT CONCAT('INV-', seq), seq / 7, '2026-01-01 00:00:00.123456' + INTERVAL seq MINUTE,
        IF(seq % 3 = 0, NULL, REPEAT('x(,);', seq % 50)) FROM seq_1_to_${rowsOfInvoices};
      CREATE TABLE \`tabFile\` (name varchar(140) PRIMARY KEY, content longblob, about json);
      INSERT INTO \`tabFile\` VALUES ('bytes', X'${everyByte}', '{"a": [1, "\\\\n"]}'), ('none', NULL, NULL), ('empty', '', '{}');
      CREATE TABLE \`tabComment\` (id int PRIMARY KEY AUTO_INCREMENT, text longtext) ENGINE=InnoDB;
      INSERT INTO \`tabComment\` (text) VALUES ${nasty.map((each) => `(${mariadbText(each)})`).join(", ")};
      CREATE TABLE \`tabEmpty\` (name varchar(140) PRIMARY KEY);
      CREATE TABLE \`tab\`\`odd\` (name varchar(140) PRIMARY KEY);
      INSERT INTO \`tab\`\`odd\` VALUES ('1'), ('2');
      CREATE SEQUENCE invoice_id_seq START WITH 41;
      SELECT NEXTVAL(invoice_id_seq);
      CREATE DEFINER=\`${schema}\`@\`%\` VIEW \`recent\` AS SELECT name FROM \`tabSales Invoice\`;
      CREATE DEFINER=\`${schema}\`@\`%\` TRIGGER touched BEFORE INSERT ON \`tabComment\` FOR EACH ROW SET NEW.text = CONCAT(NEW.text, '');
      DELIMITER ;;
      CREATE DEFINER=\`${schema}\`@\`%\` PROCEDURE fill() BEGIN
INSERT INTO \`tabEmpty\` VALUES ('(((');
CREATE TABLE \`tabNever\` (
 name int);
      END;;
      DELIMITER ;
      CREATE DEFINER=\`${schema}\`@\`%\` EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM \`tabEmpty\`;`,
      schema,
    );
  },
  digests: (server, schema) => {
    const ask = (sql: string) => server.sql(sql, schema).trim();
    const tables = ask(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const entries = tables
      .split("\n")
      .filter((table) => table !== "")
      .map((table) => {
        const quoted = table.replaceAll("`", "``");
        const [, checksum = ""] = ask(`CHECKSUM TABLE \`${quoted}\` EXTENDED`).split("\t");
        return [table, `${checksum} ${ask(`SELECT COUNT(*) FROM \`${quoted}\``)}`];
      });
    const kinds = `SELECT 'view', table_name FROM information_schema.views WHERE table_schema = '${schema}'
      UNION ALL SELECT 'trigger', trigger_name FROM information_schema.triggers WHERE trigger_schema = '${schema}'
      UNION ALL SELECT 'event', event_name FROM information_schema.events WHERE event_schema = '${schema}'
      UNION ALL SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = '${schema}'
      UNION ALL SELECT 'sequence', table_name FROM information_schema.tables WHERE table_schema = '${schema}' AND table_type = 'SEQUENCE' ORDER BY 1, 2`;
    return { ...Object.fromEntries(entries), "(others)": ask(kinds) };
  },
  drop: (server, schema) =>
    void server.sql(`DROP DATABASE IF EXISTS \`${schema}\`; DROP USER IF EXISTS \`${schema}\`@'%';`),
};

const postgres: Content = {
  make: (server, schema, password, empty) => {
    server.sql(`CREATE ROLE "${schema}" LOGIN PASSWORD ${postgresText(password)};`);
    server.sql(`CREATE DATABASE "${schema}" OWNER "${schema}" ENCODING 'UTF8';`);
    if (empty) return;
    server.sql(
      `
      SET ROLE "${schema}";
      CREATE TABLE "tabDefaultValue" (name varchar(140) PRIMARY KEY, parent varchar(140), defkey varchar(140), defvalue text);
      INSERT INTO "tabDefaultValue" VALUES ('a', '__global', 'installed_apps', ${postgresText(apps)});
      CREATE TABLE "tabSales Invoice" (name varchar(140) PRIMARY KEY, total numeric(21,9), creation timestamp(6), note text);
      INSERT INTO "tabSales Invoice" SELECT 'INV-' || n, n / 7.0, timestamp '2026-01-01 00:00:00.123456' + n * interval '1 minute',
        CASE WHEN n % 3 = 0 THEN NULL ELSE repeat('x(,);', n % 50) END FROM generate_series(1, ${rowsOfInvoices}) AS n;
      CREATE TABLE "tabFile" (name varchar(140) PRIMARY KEY, content bytea, about jsonb);
      INSERT INTO "tabFile" VALUES ('bytes', '\\x${everyByte}', '{"a": [1, "\\\\n"]}'), ('none', NULL, NULL), ('empty', '', '{}');
      CREATE TABLE "tabComment" (id serial PRIMARY KEY, text text);
      INSERT INTO "tabComment" (text) VALUES ${nasty.map((each) => `(${postgresText(each)})`).join(", ")};
      CREATE TABLE "tabEmpty" (name varchar(140) PRIMARY KEY);
      CREATE UNLOGGED TABLE plain (name varchar(140) PRIMARY KEY);
      INSERT INTO plain VALUES ('1'), ('2');
      CREATE SEQUENCE invoice_id_seq START WITH 41;
      SELECT nextval('invoice_id_seq');
      CREATE VIEW recent AS SELECT name FROM "tabSales Invoice";
      CREATE FUNCTION shout(word text) RETURNS text LANGUAGE sql AS 'SELECT upper(word)';`,
      schema,
    );
  },
  digests: (server, schema) => {
    const ask = (sql: string) => server.sql(sql, schema).trim();
    const tables = ask(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const entries = tables
      .split("\n")
      .filter((table) => table !== "")
      .map((table) => {
        const rows = `SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') || ' ' || count(*) FROM public."${table}" AS t`;
        return [table, ask(rows)];
      });
    const others = `SELECT relkind, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'S', 'i')
      UNION ALL SELECT 'f', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2`;
    return { ...Object.fromEntries(entries), "(others)": ask(others) };
  },
  drop: (server, schema) => {
    server.sql(`DROP DATABASE IF EXISTS "${schema}" WITH (FORCE);`);
    server.sql(`DROP ROLE IF EXISTS "${schema}";`);
  },
};

export const contentOf: Readonly<Record<"mariadb" | "postgres", Content>> = { mariadb, postgres };
