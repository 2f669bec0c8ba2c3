/** What the offline provider has to know of one package: which changes replace, and what a resource says of itself. */
import type { Change } from "./diff.ts";
import type { Properties } from "./value.ts";

export interface ResourceRequest {
  readonly type: string;
  /** Logical name. */
  readonly name: string;
  readonly inputs: Properties;
}

export interface OfflinePackage {
  readonly name: "kubernetes" | "random" | "command" | "docker";
  /** Inputs as the provider would complete them: names that it gives by itself. */
  check(request: ResourceRequest & { readonly olds?: Properties; readonly seed: Uint8Array }): Properties;
  /** Whether this change cannot be made in place. */
  replaces(request: ResourceRequest, change: Change): boolean;
  /** Whether the old one has to go before the new one can be made. */
  deletesFirst(olds: Properties, news: Properties): boolean;
  /** What the resource has beside its inputs. In a preview, what cannot be known is `unknown`. */
  outputs(request: ResourceRequest, preview: boolean): Properties;
}
