/** Programs of other images that dump, keep and read again: newer than those of the bench image, and of one known version. */
import { images } from "../../constants/images.ts";
import type { StackConfig } from "../../config/stack.ts";
import { imageReference } from "../image.ts";
import type { ContainerPlan, ScratchPlan } from "../types.ts";

/** Programs of other images, newer than those that the bench image has. */
export const tools: ScratchPlan = { path: "/tools", size: "256Mi", shared: "tools" };

const copying = (name: string, image: string, script: string): ContainerPlan => ({
  name,
  image,
  command: ["/bin/sh", "-euc", script],
  env: {},
  ports: [],
  files: [],
  writable: [tools],
  volumes: [],
  resources: { cpu: "20m", memory: "64Mi", ephemeralStorage: "256Mi" },
  probes: {},
});

/** restic of one known version, whichever the bench image was built with: its exit codes tell a wrong password from a lost store. */
const copyRestic = copying("copy-restic", imageReference(images.restic), `cp /usr/bin/restic ${tools.path}/`);

/** pg_dump refuses a server that is newer than itself, and the bench image has Debian's. It brings its libraries, all but libc's own. */
const copyPostgres = copying(
  "copy-postgres",
  imageReference(images.postgres),
  `mkdir -p ${tools.path}/lib
cp /usr/lib/postgresql/*/bin/pg_dump /usr/lib/postgresql/*/bin/psql ${tools.path}/
ldd ${tools.path}/pg_dump ${tools.path}/psql | awk '$3 ~ "^/" { print $3 }' | sort -u |
  grep -Ev '/(libc|libm|libpthread|libdl|librt|ld-linux[^/]*)[.]so' | while read -r library; do cp -L "$library" ${tools.path}/lib/; done`,
);

/** Brings the programs into the pod; who only asks the repository needs no client of the database. */
export const copyTools = ({ database }: StackConfig, dumps = true): readonly ContainerPlan[] =>
  database.engine === "postgres" && dumps ? [copyRestic, copyPostgres] : [copyRestic];
