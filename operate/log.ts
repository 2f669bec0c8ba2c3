/** A container's log as it is written, over connections that may break: what was read once is not read twice. */
import { request as plain, type IncomingMessage } from "node:http";
import { request as sealed, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { ApiException } from "@kubernetes/client-node";
import { OperateError, type Cluster } from "./cluster.ts";

/** What kubelet writes before each line when it is asked to: nine digits of a second, always. */
const stamped = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (.*)$/s;

export interface LogReader {
  /**
   * Reads on from where the last reading ended.
   * @param follow Whether to wait for what is still to come.
   * @returns whether the log's end was reached; not where the connection broke or `until` was aborted.
   * @throws ApiException where there is no log.
   */
  read(follow: boolean, until: AbortSignal): Promise<boolean>;
}

async function ask({ kubeconfig, namespace }: Cluster, pod: string, query: URLSearchParams, until: AbortSignal) {
  const cluster = kubeconfig.getCurrentCluster();
  if (cluster === null) {
    throw new OperateError("the kubeconfig file has no cluster for its current context");
  }
  const options: RequestOptions = {};
  await kubeconfig.applyToHTTPSOptions(options);
  const url = `${cluster.server}/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
  const send = url.startsWith("http:") ? plain : sealed;
  return new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { ...options, signal: until }, resolve)
      .once("error", reject)
      .end();
  });
}

export function logReader(cluster: Cluster, pod: string, container: string, onLine: (line: string) => void): LogReader {
  let last = "";
  let lastLine = "";
  return {
    async read(follow, until) {
      const before = last;
      const query = new URLSearchParams({ container, follow: String(follow), timestamps: "true" });
      if (before !== "") query.set("sinceTime", before);
      const take = (line: string) => {
        const [, stamp = "", rest = line] = stamped.exec(line) ?? [];
        // Kubelet may give a line twice that is written at the moment when the reading begins.
        if (stamp !== "" && (stamp <= before || line === lastLine)) return;
        if (stamp !== "") last = stamp;
        lastLine = line;
        onLine(rest);
      };
      try {
        const response = await ask(cluster, pod, query, until);
        if (response.statusCode !== 200) {
          throw new ApiException(response.statusCode ?? 0, "no log", await text(response), {});
        }
        let rest = "";
        for await (const chunk of response.setEncoding("utf8")) {
          const parts = (rest + String(chunk)).split("\n");
          rest = parts.pop() ?? "";
          parts.forEach(take);
        }
        if (rest !== "") take(rest);
        return true;
      } catch (error) {
        if (error instanceof ApiException || error instanceof OperateError) throw error;
        // Half a line is read again as a whole one.
        return false;
      }
    },
  };
}
