/** What a pod does to the sites volume before its process starts: nothing, from the second pod on. */
import { paths } from "../../constants/paths.ts";
import type { ContainerPlan } from "../types.ts";
import { sitesMount, type BenchContext } from "./context.ts";

/**
 * The image's own entrypoint removes `sites/assets` and links it anew at each start, under the feet of every running pod. The
 * link's text is the same for all releases: it is made once, and moved into place in one step. The two empty files are where the
 * release's own are mounted upon; without them the container runtime would make them as root, which an NFS export may refuse.
 */
export const prepareVolumeScript = `cd ${paths.sites}
if [ "$(readlink assets || true)" != ${paths.assets} ]; then
  if [ -d assets ] && [ ! -L assets ]; then
    echo "sites/assets is a directory: this volume was made by an older image; move it away, the image brings its assets" >&2
    exit 1
  fi
  # shellcheck disable=SC3028 # every container runtime sets it, to the pod's name
  link=".assets.$HOSTNAME"
  ln -sfT ${paths.assets} "$link"
  mv -fT "$link" assets
fi
for file in common_site_config.json apps.txt; do
  [ -e "$file" ] || : >>"$file"
done
`;

export const prepareVolume = ({ release, config }: BenchContext): ContainerPlan => ({
  name: "prepare-volume",
  image: release.image,
  command: ["/bin/sh", "-euc", prepareVolumeScript],
  env: { TZ: config.bench.timeZone },
  ports: [],
  files: [],
  writable: [{ path: "/tmp" }],
  volumes: [sitesMount(false)],
  resources: { cpu: "20m", memory: "64Mi", ephemeralStorage: "64Mi" },
  probes: {},
});
