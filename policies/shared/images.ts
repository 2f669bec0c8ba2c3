/** Every image that a resource would have pulled. */
import { at, fields, items, notKnown, text } from "./known.ts";
import { containersOf, judgePod, type Pod } from "./pods.ts";
import { isCustom, type Resource } from "./rule.ts";

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
const imageField = /^(?:baseImage|image(?:Name|Ref)?)$/;

/** An image in parts, as charts and some operators take it, is put together; undefined for what names none. */
function referenceOf(value: unknown): unknown {
  const [repository, tag, digest] = ["repository", "tag", "digest"].map((part) => at(value, part));
  if (repository === undefined) {
    return value === notKnown ? value : text(value);
  }
  const parts = [repository, tag === undefined ? "" : ":", tag, digest === undefined ? "" : "@", digest];
  return parts.includes(notKnown) ? notKnown : parts.map((part) => text(part) ?? "").join("");
}

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
    const reference = imageField.test(key) ? referenceOf(inner) : undefined;
    return reference === undefined ? imagesIn(inner, here) : [{ path: here, reference }];
  });
}

function customImages({ kind, props }: Resource): Image[] {
  const found = imagesIn(at(props, "spec"), "spec");
  const own = operatorImages[kind];
  const isGiven = own === undefined || found.some(({ path }) => path === own.join("."));
  return isGiven ? found : [...found, { path: own.join("."), reference: at(props, ...own) }];
}

/** Judges every image of a resource, in pods and in custom resources alike. */
export const judgeImages =
  (judge: (reference: unknown) => string | undefined) =>
  (resource: Resource): readonly string[] => {
    const problems = (images: readonly Image[]) =>
      images.flatMap(({ path, reference }) => {
        const problem = judge(reference);
        return problem === undefined ? [] : [`${path}: ${problem}`];
      });
    const isWhole = isCustom(resource);
    const inPods = judgePod((pod) => (isWhole ? [] : problems(podImages(pod))))(resource);
    return isWhole ? [...inPods, ...problems(customImages(resource))] : inPods;
  };
