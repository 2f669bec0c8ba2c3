import { readFileSync } from "node:fs";
import path from "node:path";
import { conceal } from "../backup/log.ts";
import type { Login } from "../backup/login.ts";

/** A login from the files `username` and `password` of a folder, as a Secret is mounted; the password is concealed from now on. */
export function readLogin(folder: string, schema: string): Login {
  const word = (name: string) => readFileSync(path.join(folder, name), "utf8").replace(/\n$/, "");
  const login = { schema, user: word("username"), password: word("password") };
  conceal(login.password);
  return login;
}
