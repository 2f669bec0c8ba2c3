/** Runs the repository's ESLint configuration on code that stands in no file. */
import assert from "node:assert/strict";
import path from "node:path";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

const cwd = path.resolve(import.meta.dirname, "../..");

/** Types need a file that exists, so rules without types are run on their own, under any name and in a moment. */
const untyped = new ESLint({ cwd, overrideConfig: tseslint.configs.disableTypeChecked });
const typed = new ESLint({ cwd });

async function messages(eslint: ESLint, file: string, code: string): Promise<{ rule: string; message: string }[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(cwd, file) });
  assert.ok(result, `${file} is ignored by ESLint`);
  return result.messages.map(({ ruleId, message }) => ({ rule: ruleId ?? "no rule", message }));
}

/** Does this rule refuse the code? With `typed`, the file must exist; what stands in it does not matter. */
async function refuses(eslint: ESLint, rule: string, file: string, code: string): Promise<boolean> {
  const found = await messages(eslint, file, code);
  const fatal = found.find((problem) => problem.rule === "no rule");
  assert.equal(fatal, undefined, `${file}: ${fatal?.message}`);
  return found.some((problem) => problem.rule === rule);
}

const judge = (eslint: ESLint, rule: string) => ({
  async refuses(file: string, ...codes: string[]) {
    for (const code of codes) {
      assert.equal(await refuses(eslint, rule, file, code), true, `accepted in ${file}:\n${code}`);
    }
  },
  async accepts(file: string, ...codes: string[]) {
    for (const code of codes) {
      assert.equal(await refuses(eslint, rule, file, code), false, `refused in ${file}:\n${code}`);
    }
  },
});

export const rule = (name: string) => judge(untyped, name);
export const typedRule = (name: string) => judge(typed, name);
