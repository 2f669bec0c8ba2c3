import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import {
  findStackFile,
  previewableCopy,
  StackFileError,
  stacksIn,
  UnknownStackError,
} from "../../engine/stack-file.ts";

const refuses = (wanted: string, folder: string, message: RegExp) => {
  assert.throws(
    () => findStackFile(wanted, folder),
    (error) => error instanceof UnknownStackError && message.test(error.message),
    wanted,
  );
};

describe("stack files", () => {
  let folder: string;
  const file = (name: string, text = "config: {}\n") => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "frappe-stacks-"));
    for (const name of [
      "Pulumi.yaml",
      "Pulumi.staging.yaml",
      "Pulumi.prod.yaml",
      "Pulumi.eu-1.prod.yaml",
      "values.yaml",
    ]) {
      file(name);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("finding", () => {
    it("lists the stacks of a folder, and not the project's own file", () => {
      assert.deepEqual(stacksIn(folder), ["eu-1.prod", "prod", "staging"]);
      assert.deepEqual(stacksIn(root), ["dev", "prod", "staging"]);
    });

    it("takes a name, a path from the folder and an absolute path for the same", () => {
      const expected = { stack: "eu-1.prod", path: join(folder, "Pulumi.eu-1.prod.yaml") };
      for (const wanted of ["eu-1.prod", "Pulumi.eu-1.prod.yaml", "./Pulumi.eu-1.prod.yaml", expected.path]) {
        assert.deepEqual(findStackFile(wanted, folder), expected);
      }
    });

    it("takes a stack file from anywhere", () => {
      const { stack, path } = findStackFile("tests/stacks/Pulumi.external.yaml", root);
      assert.equal(stack, "external");
      assert.equal(path, join(root, "tests/stacks/Pulumi.external.yaml"));
    });

    it("says which stack may have been meant, and always which there are", () => {
      refuses(
        "stagin",
        folder,
        /^no stack file for "stagin"; did you mean staging\?\n {2}expected one of eu-1\.prod, prod, staging, or/,
      );
      refuses("PROD", folder, /; did you mean|expected one of eu-1\.prod, prod, staging/);
      refuses("production-europe", folder, /^no stack file for "production-europe"\n {2}expected one of/);
      refuses("", folder, /^no stack file for ""/);
    });

    it("refuses a path without a file, a file of another name, and the project's own", () => {
      refuses("Pulumi.gone.yaml", folder, /expected one of eu-1\.prod, prod, staging/);
      refuses(join(folder, "values.yaml"), folder, /^no stack file for ".*values\.yaml"/);
      refuses("Pulumi.yaml", folder, /^no stack file for "Pulumi\.yaml"/);
      refuses("../Pulumi.staging.yaml", folder, /^no stack file for/);
    });
  });

  describe("copying for a preview", () => {
    const copyOf = (text: string) =>
      parse(previewableCopy(file("Pulumi.x.yaml", text))) as {
        encryptionsalt: string;
        config: Record<string, unknown>;
      };

    it("puts the placeholder in for every secret, and keeps every other value as it was", () => {
      const { config, encryptionsalt } = copyOf(`
encryptionsalt: v1:theirs
config:
  frappe:sentryDsn: { secure: v1:abc }
  frappe:mode: { secureMode: true, size: 10Gi }
  frappe:tag: "1.0"
  frappe:flag: yes
  frappe:list: [1, 2.5, null, "x: y"]
  kubernetes:context: staging
`);
      assert.equal(encryptionsalt, placeholder.salt);
      assert.deepEqual(config, {
        "frappe:sentryDsn": { secure: placeholder.sealed },
        "frappe:mode": { secureMode: true, size: "10Gi" },
        "frappe:tag": "1.0",
        "frappe:flag": "yes",
        "frappe:list": [1, 2.5, null, "x: y"],
        "kubernetes:context": "staging",
      });
    });

    it("replaces secrets inside of a value, where Pulumi takes them too", () => {
      const { config } = copyOf("config: { frappe:a: { b: [{ secure: v1:abc }], c: { secure: v1:d } } }\n");
      const sealed = { secure: placeholder.sealed };
      assert.deepEqual(config["frappe:a"], { b: [sealed], c: sealed });
    });

    it("copes with a file that is empty or has no configuration", () => {
      for (const text of ["", "# nothing\n", "config:\n", "secretsprovider: passphrase\n"]) {
        assert.deepEqual(copyOf(text), { encryptionsalt: placeholder.salt, config: {} });
      }
    });

    it("says where a file is no YAML, by its path, line and column", () => {
      const path = file("Pulumi.x.yaml", 'config:\n  frappe:bench: { id: "a }\n');
      const isClear = (error: unknown) =>
        error instanceof StackFileError &&
        error.message.startsWith(`${path} cannot be read: `) &&
        /line \d/.test(error.message);
      assert.throws(() => previewableCopy(path), isClear);
    });

    it("leaves the file itself as it is, byte for byte", () => {
      const path = join(root, "tests/stacks/Pulumi.external.yaml");
      const before = readFileSync(path);
      previewableCopy(path);
      assert.deepEqual(readFileSync(path), before);
    });
  });
});
