/** The distribution API's token dance: a 401 names a realm, the realm gives a short-lived token for this one repository. */
import { type Answer, get, type Limits, Unresolved } from "./http.ts";
import { type Endpoint, isLoopback } from "./reference.ts";

export interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly parameters: Readonly<Record<string, string>>;
}

/** RFC 9110, 11.6.1, as far as registries use it: one scheme, quoted or bare parameters. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const [, name, rest = ""] = /^\s*(basic|bearer)(?:\s+(.*))?$/is.exec(header?.slice(0, 4096) ?? "") ?? [];
  if (name === undefined) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, key = "", quoted, bare] of rest.matchAll(/([a-z_]+)=(?:"([^"]*)"|([^\s,"]+))/gi)) {
    parameters[key.toLowerCase()] = quoted ?? bare ?? "";
  }
  return { scheme: name.toLowerCase() as Challenge["scheme"], parameters };
}

/** The Authorization header that answers the registry's 401. */
export async function authorize(
  endpoint: Endpoint,
  refused: Answer,
  auth: string | undefined,
  limits: Limits,
): Promise<string> {
  const login = `run docker login ${endpoint.registry} with an account that may read ${endpoint.path}`;
  const challenge = parseChallenge(refused.headers.get("www-authenticate"));
  if (challenge === undefined) throw new Unresolved(`${endpoint.registry} refuses without saying how to log in`, login);
  if (challenge.scheme === "basic") {
    if (auth === undefined) throw new Unresolved(`${endpoint.registry} wants a login`, login);
    return `Basic ${auth}`;
  }
  const answer = await get(realmOf(endpoint, challenge), auth === undefined ? {} : { authorization: `Basic ${auth}` }, {
    ...limits,
    bodyBytes: Math.min(limits.bodyBytes, 64 * 1024),
  });
  if (answer.status !== 200) throw new Unresolved(`${endpoint.registry} gave no token (HTTP ${answer.status})`, login);
  return `Bearer ${tokenIn(answer, endpoint)}`;
}

/** The scope is ours, not the challenge's: a registry does not get to choose what the token is good for. */
function realmOf(endpoint: Endpoint, { parameters }: Challenge): URL {
  const { realm = "", service } = parameters;
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const local = url !== undefined && isLoopback(url.hostname) && endpoint.origin.startsWith("http://");
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && local))) {
    const remedy = "do not log in there; report it to the registry's keeper";
    throw new Unresolved(`${endpoint.registry} asks for the login at an address that is not https`, remedy);
  }
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", `repository:${endpoint.path}:pull`);
  return url;
}

function tokenIn(answer: Answer, endpoint: Endpoint): string {
  let token: unknown;
  try {
    const body = JSON.parse(answer.body.toString("utf8")) as { token?: unknown; access_token?: unknown } | null;
    token = body?.token ?? body?.access_token;
  } catch {
    token = undefined;
  }
  // A token with a line break in it would be two headers.
  if (typeof token === "string" && /^[\x21-\x7e]{1,16384}$/.test(token)) return token;
  throw new Unresolved(`${endpoint.registry} answered with no token we can read`, "try again later");
}
