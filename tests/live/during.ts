import type { StackConfig } from "../../config/stack.ts";
import { hostMap } from "../../topology/bench/context.ts";

/** Keeps what a `with…` function opens for all tests of a suite; the suite calls the answer to reach it. */
export function during<Client>(open: (use: (client: Client) => Promise<void>) => Promise<void>): () => Client {
  let client: Client | undefined;
  let leave = () => {};
  let ended = Promise.resolve();
  before("start the server", async () => {
    await new Promise<void>((ready, fail) => {
      ended = open(async (opened) => {
        client = opened;
        await new Promise<void>((done) => {
          leave = done;
          ready();
        });
      });
      ended.catch(fail);
    });
  });
  after("end the server", async () => {
    leave();
    await ended;
  });
  return () => {
    if (client === undefined) throw new Error("the server was asked for before the suite had started it");
    return client;
  };
}

/** Every host name of a stack that answers, with its site. */
export const hostsOf = (config: StackConfig): [host: string, site: string][] => [...hostMap(config)];
