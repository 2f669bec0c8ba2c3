/** Every image that a resource would have pulled. */
import { at, fields, items, notKnown, text } from "./known.ts";
import { containersOf, judgePod, type Pod, podOf } from "./pods.ts";
import type { Resource } from "./rule.ts";

export interface Image {
  readonly path: string;
  /** A reference, `notKnown`, or undefined where whoever runs the pod chooses by itself. */
  readonly reference: unknown;
}

/** Where operators take their server's image from; without one they use whatever they were built with. */
const operatorImages: Readonly<Record<string, readonly string[]>> = {
  "k8s.mariadb.com/MariaDB": ["spec", "image"],
  "postgresql.cnpg.io/Cluster": ["spec", "imageName"],
};
/** Fields of custom resources that name an image, at any depth. */
const imageField = /^image(Name)?$/;

function podImages(pod: Pod): Image[] {
  const volumes = items(at(pod.spec, "volumes")).flatMap((volume, index) =>
    at(volume, "image") === undefined
      ? []
      : [{ path: `volumes[${index}].image`, reference: at(volume, "image", "reference") }],
  );
  return [...containersOf(pod).map(({ path, spec }) => ({ path, reference: at(spec, "image") })), ...volumes];
}

function imagesIn(value: unknown, path: string): Image[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => imagesIn(item, `${path}[${index}]`));
  }
  return Object.entries(fields(value)).flatMap(([key, inner]) => {
    const here = path === "" ? key : `${path}.${key}`;
    return imageField.test(key) && (inner === notKnown || text(inner) !== undefined)
      ? [{ path: here, reference: inner }]
      : imagesIn(inner, here);
  });
}

function customImages({ kind, props }: Resource): Image[] {
  const found = imagesIn(at(props, "spec"), "spec");
  const own = operatorImages[kind];
  const isGiven = own === undefined || found.some(({ path }) => path === own.join("."));
  return isGiven ? found : [...found, { path: own.join("."), reference: at(props, ...own) }];
}

const isCustom = ({ kind }: Resource) => (kind.split("/")[0] ?? "").includes(".");

/** Judges every image of a resource, in pods and in custom resources alike. */
export const judgeImages =
  (judge: (reference: unknown) => string | undefined) =>
  (resource: Resource): readonly string[] => {
    const problems = (images: readonly Image[]) =>
      images.flatMap(({ path, reference }) => {
        const problem = judge(reference);
        return problem === undefined ? [] : [`${path}: ${problem}`];
      });
    if (podOf(resource) !== undefined) {
      return judgePod((pod) => problems(podImages(pod)))(resource);
    }
    return isCustom(resource) ? problems(customImages(resource)) : [];
  };
