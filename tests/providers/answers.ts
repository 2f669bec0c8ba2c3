/** An applying provider on the wire: the engine's questions as calls, their results as its answers. */
import { changes } from "../../engine/offline/diff.ts";
import { plain, type Properties } from "../../engine/offline/value.ts";
import { sdkVersion } from "../../engine/plugins.ts";
import {
  diffResponse,
  field,
  message,
  messages,
  none,
  properties,
  resource,
  struct,
  text,
  type Message,
} from "../../engine/provider-message.ts";
import type { Answer, Answers, Call } from "../../engine/provider-server.ts";
import { engineLog, type EngineLog } from "./engine-log.ts";
import type { Applying, ApplyingPackage, Log, Subject, Work } from "./provider.ts";

/** What one connection of an engine has said: each provider of a program has a connection of its own. */
interface Session {
  readonly log: EngineLog;
  readonly cancelled: AbortController;
  applying: Applying | undefined;
}

const silent: Log = { status() {}, info() {}, warning() {} };

const changed = (request: Message) => ({
  id: text(request, "Id"),
  outputs: properties(request, "Olds"),
  oldInputs: properties(request, "OldInputs"),
  inputs: properties(request, "News"),
  ignored: (field(request, "IgnorechangesList") as string[] | undefined) ?? [],
});

/** Provider arguments travel as text: a boolean or object among them is JSON. */
function config(request: Message, name: string): Properties {
  const given = plain(properties(request, name)) as Properties;
  const parsed = (value: string) => (/^(true|false|\{.*\})$/s.test(value) ? (JSON.parse(value) as never) : value);
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, typeof value === "string" ? parsed(value) : value]),
  );
}

export function answersOf(rules: ApplyingPackage): Answers {
  const sessions = new Map<string, Session>();

  const subject = (request: Message, { peer, signal }: Call): Subject => {
    const session = sessions.get(peer);
    const signals = session ? [signal, session.cancelled.signal] : [signal];
    return {
      ...resource(request),
      log: session?.log.of(text(request, "Urn")) ?? silent,
      signal: AbortSignal.any(signals),
    };
  };
  const work = (request: Message, call: Call): Work => {
    const timeout = field(request, "Timeout");
    return {
      ...subject(request, call),
      timeout: typeof timeout === "number" && timeout > 0 ? timeout : undefined,
      preview: field(request, "Preview") === true,
    };
  };
  const applying = ({ peer }: Call): Applying => {
    const found = sessions.get(peer)?.applying;
    if (found === undefined) throw new Error(`the ${rules.name} provider was not configured by this engine`);
    return found;
  };

  const attach: Answer = (request, { peer }) => {
    sessions.get(peer)?.log.close();
    const log = engineLog(text(request, "Address"));
    sessions.set(peer, { log, cancelled: new AbortController(), applying: undefined });
    return none();
  };
  const configure: Answer = async (request, { peer }) => {
    const session = sessions.get(peer);
    if (session === undefined) throw new Error("the engine configured a provider that it had not attached to");
    session.applying = await rules.configure(config(request, "Args"));
    return message(messages["ConfigureResponse"], {
      Acceptsecrets: true,
      Supportspreview: true,
      Acceptresources: true,
    });
  };

  return {
    attach,
    configure,
    cancel: (_, { peer }) => {
      sessions.get(peer)?.cancelled.abort(new Error("the update was cancelled"));
      return none();
    },
    // The engine warns of a version below the SDK's.
    getPluginInfo: () => message(messages["PluginInfo"], { Version: `${sdkVersion(rules.name)}+applying` }),
    getSchema: () => message(messages["GetSchemaResponse"], { Schema: "{}" }),
    checkConfig: (request) => message(messages["CheckResponse"], { Inputs: field(request, "News") }),
    diffConfig: (request) => {
      const [olds, news] = [config(request, "OldInputs"), config(request, "News")];
      const replacing = rules.replacedBy(olds, news);
      // Every change counts: of one that is not told, the engine goes on with the old arguments.
      const found = changes(olds, news).map((change) => ({
        ...change,
        replaces: replacing.includes(change.keys[0] ?? ""),
      }));
      return diffResponse({ changes: found, deletesFirst: false });
    },
    check: async (request, call) => {
      const olds = field(request, "Olds") === undefined ? undefined : properties(request, "Olds");
      const seed = new Uint8Array(field(request, "Randomseed_asU8") as Uint8Array);
      const checked = { inputs: properties(request, "News"), olds, seed };
      return message(messages["CheckResponse"], {
        Inputs: struct(await applying(call).check(subject(request, call), checked)),
      });
    },
    diff: async (request, call) => diffResponse(await applying(call).diff(subject(request, call), changed(request))),
    create: async (request, call) => {
      const made = await applying(call).create(work(request, call), properties(request, "Properties"));
      return message(messages["CreateResponse"], { Id: made.id, Properties: struct(made.outputs) });
    },
    update: async (request, call) => {
      const outputs = await applying(call).update(work(request, call), changed(request));
      return message(messages["UpdateResponse"], { Properties: struct(outputs) });
    },
    read: async (request, call) => {
      const known = {
        id: text(request, "Id"),
        outputs: properties(request, "Properties"),
        inputs: properties(request, "Inputs"),
      };
      const found = await applying(call).read(work(request, call), known);
      // No id tells the engine that it is gone.
      return message(
        messages["ReadResponse"],
        found && { Id: found.id, Properties: struct(found.outputs), Inputs: struct(found.inputs) },
      );
    },
    delete: async (request, call) => {
      const known = {
        id: text(request, "Id"),
        outputs: properties(request, "Properties"),
        inputs: properties(request, "OldInputs"),
      };
      await applying(call).delete(work(request, call), known);
      return none();
    },
  };
}
