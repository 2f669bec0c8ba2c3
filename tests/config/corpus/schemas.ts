/** Names of database schemas: collisions, what the servers keep for themselves, and what SQL would read otherwise. */
import { field, found, type HostileCase } from "./case.ts";
import { schemaNameOf } from "../../../config/parse.ts";

const reserved = [
  ...["mysql", "sys", "test", "information_schema", "performance_schema", "root", "admin", "mariadb", "healthcheck"],
  ...["postgres", "template0", "template1", "pg_catalog", "pg_toast", "public", "none", "current_user", "session_user"],
  ...["streaming_replica", "cnpg_pooler_pgbouncer", "platform", "app", "mysql_x", "replication", "monitor"],
];

export const schemas: readonly HostileCase[] = [
  ...field("sites[0].schema", "expected a schema name of lower-case letters, digits, underscores", {
    empty: "",
    "a capital": "Erp",
    "a leading digit": "1erp",
    "a dash": "erp-prod",
    "a dot": "erp.prod",
    "a space": "erp prod",
    "a percent sign, which grants take for a wildcard": "erp%",
    "a backtick": "erp`; drop database x; -- ",
    "a quote": "erp'; drop table tabUser; --",
    "a double quote": 'erp"; drop schema public; --',
    "a semicolon": "erp;",
    "a comment": "erp/**/",
    "a comment of MariaDB": "erp#",
    "a backslash": "erp\\",
    "a dollar sign": "erp$1",
    "a line feed": "erp\n",
    NUL: "erp\u0000",
    "an umlaut": "bücher",
    "a full-width letter": "ｅrp",
    "a right-to-left mark": "erp\u200f",
    "33 characters": "a".repeat(33),
    "a number": 1,
    null: null,
    true: true,
    "a list": ["erp"],
  }),
  ...field(
    "sites[0].schema",
    "the server does not use itself",
    Object.fromEntries(reserved.map((word) => [word, word])),
  ),
  found(
    "two sites with one schema",
    { "sites[0].schema": "erp", "sites[1].schema": "erp" },
    "sites[1].schema",
    "a schema of its own",
  ),
  found(
    "a schema that another site has by its name",
    { "sites[2].schema": schemaNameOf("erp.example.com") },
    "sites[2].schema",
    "which erp.example.com has",
  ),
  found(
    "a schema that a later site has by its name",
    { "sites[0].schema": schemaNameOf("books.example.net") },
    "sites[2].schema",
    "a schema of its own",
  ),
  found(
    "the schema of an archived site",
    { "sites[0].schema": "erp", "sites[0].state": "archived", "sites[1].schema": "erp" },
    "sites[1].schema",
    "overwrite each other",
  ),
  found(
    "the admin's name as a schema",
    { "sites[0].schema": "platform_admin", "database.adminUser": "platform_admin" },
    "sites[0].schema",
    "its user's too",
    "external",
  ),
  found(
    "the name of the ledger of releases as a schema",
    { "sites[1].schema": "releases_prod_bench", "bench.id": "prod-bench" },
    "sites[1].schema",
    "this bench's releases are written down",
  ),
  found(
    "the ledger's name of a bench with a long id, which is shortened",
    { "sites[0].schema": "releases_aaaaaaaaaaaaaa_b7969b33", "bench.id": "a".repeat(63) },
    "sites[0].schema",
    "this bench's releases are written down",
  ),
  found(
    "the ledger's name as the admin's, whose password each release would change",
    { "database.adminUser": "releases_prod_bench", "bench.id": "prod-bench" },
    "database.adminUser",
    "this bench's releases are written down",
    "external",
  ),
];
