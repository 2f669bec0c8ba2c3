/** The offline provider on the wire: what it answers to the engine, one port a package. */
import { sdkVersion } from "../plugins.ts";
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
} from "../provider-message.ts";
import { attachTo, serveProvider, type Answers } from "../provider-server.ts";
import type { OfflinePackage } from "./package.ts";
import { OfflineProvider } from "./provider.ts";
import { command } from "./rules/command.ts";
import { docker } from "./rules/docker.ts";
import { kubernetes } from "./rules/kubernetes.ts";
import { random } from "./rules/random.ts";

const packages: readonly OfflinePackage[] = [kubernetes, random, command, docker];

function answers(provider: OfflineProvider, name: string): Answers {
  return {
    attach: none,
    cancel: none,
    delete: none,
    // The engine warns of a version below the SDK's.
    getPluginInfo: () => message(messages["PluginInfo"], { Version: `${sdkVersion(name)}+offline` }),
    getSchema: () => message(messages["GetSchemaResponse"], { Schema: "{}" }),
    checkConfig: (request) => message(messages["CheckResponse"], { Inputs: field(request, "News") }),
    diffConfig: () => message(messages["DiffResponse"]),
    configure: () =>
      message(messages["ConfigureResponse"], { Acceptsecrets: true, Supportspreview: true, Acceptresources: true }),
    check: (request) => {
      const { type, name } = resource(request);
      const olds = field(request, "Olds") === undefined ? undefined : properties(request, "Olds");
      const seed = new Uint8Array(field(request, "Randomseed_asU8") as Uint8Array);
      const inputs = provider.check(type, name, properties(request, "News"), olds, seed);
      return message(messages["CheckResponse"], { Inputs: struct(inputs) });
    },
    diff: (request) => {
      const { type, name } = resource(request);
      const ignored = (field(request, "IgnorechangesList") as string[] | undefined) ?? [];
      return diffResponse(
        provider.diff(type, name, properties(request, "OldInputs"), properties(request, "News"), ignored),
      );
    },
    create: (request) => {
      const { type, name } = resource(request);
      const preview = field(request, "Preview") === true;
      const { id, outputs } = provider.create(type, name, properties(request, "Properties"), preview);
      return message(messages["CreateResponse"], { Id: id, Properties: struct(outputs) });
    },
    update: (request) => {
      const outputs = provider.update(
        properties(request, "Olds"),
        properties(request, "OldInputs"),
        properties(request, "News"),
      );
      return message(messages["UpdateResponse"], { Properties: struct(outputs) });
    },
    read: (request) =>
      message(messages["ReadResponse"], {
        Id: text(request, "Id"),
        Properties: field(request, "Properties"),
        Inputs: field(request, "Inputs"),
      }),
  };
}

export interface OfflineProviders {
  /** Value of PULUMI_DEBUG_PROVIDERS: the engine attaches to these instead of starting plugins. */
  readonly attach: string;
  readonly stop: () => void;
}

/** Starts one provider a package, on free ports of loopback. */
export async function startOfflineProviders(): Promise<OfflineProviders> {
  const started = await Promise.all(
    packages.map(async (rules) => {
      const who = `the offline provider of ${rules.name}`;
      return { name: rules.name, ...(await serveProvider(who, answers(new OfflineProvider(rules), rules.name))) };
    }),
  );
  return { attach: attachTo(started), stop: () => started.forEach(({ stop }) => stop()) };
}
