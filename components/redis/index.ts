/** Cache and queue: two servers of ours, or nothing to make for managed ones. */
import type * as pulumi from "@pulumi/pulumi";
import type { RedisServer } from "../../topology/redis.ts";
import type { SecretNames } from "../secrets/index.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { renderFiles, renderService, renderVolume, renderWorkload } from "../shared/workload/kubernetes.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
}

export class Redis extends Component {
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("redis", "Redis"), name, {}, opts);
    this.#args = args;
    const { redis } = args.plan;
    if (redis.mode === "embedded") {
      for (const server of redis.servers) {
        this.#server(server);
      }
    }
    this.registerOutputs({});
  }

  #server({ files, workload, service, volume }: RedisServer) {
    const { plan, secrets } = this.#args;
    const lifetime = workload.holdsData ? dataLifetime(plan) : {};
    const configs = { [files.name]: renderFiles(this.#args, files, this.child(files.name)) };
    const claim = volume && renderVolume(this.#args, volume, this.child(volume.logicalName, lifetime));
    const server = renderWorkload(
      this.#args,
      workload,
      { secrets, configs },
      // A fixed name, so the old one goes first: jobs wait meanwhile, the cache starts empty.
      this.child(workload.name, { ...lifetime, dependsOn: claim ? [claim] : [], deleteBeforeReplace: true }),
    );
    renderService(this.#args, service, this.child(service.logicalName, { dependsOn: [server] }));
  }
}
