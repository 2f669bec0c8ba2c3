/** What nginx counts, told by an exporter beside each: its counters are open to its own pod and the kubelet alone. */
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import { exporterContainer, scraped, type Part } from "./parts.ts";
import { requestPort } from "./requests.ts";

const port = { name: "metrics", port: ports.nginxExporter };

export const nginxExporter = exporterContainer({
  name: names.nginxExporter,
  image: imageReference(images.nginxExporter),
  command: [
    "/usr/bin/nginx-prometheus-exporter",
    `--web.listen-address=:${ports.nginxExporter}`,
    `--nginx.scrape-uri=http://127.0.0.1:${ports.nginxStatus}/status`,
  ],
  ports: [port],
});

/** Of every release that stands: the one that leaves and the one that comes are both asked. */
export const planNginxSeries = (): Part => ({
  services: [stackService(names.nginxExporter, [port, requestPort], { component: names.nginx, headless: true })],
  flows: [scraped(names.nginx, port.port, requestPort.port)],
});
