/** `repository:tag@digest`: the tag is for people, the digest decides. */
export const imageReference = (image: { repository: string; tag: string; digest: string }): string =>
  `${image.repository}:${image.tag}@${image.digest}`;
