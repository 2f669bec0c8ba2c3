/** Host name → site, as nginx looks it up. */

/** Power of two that holds `count` entries with room; nginx refuses to start where its tables are too small. */
const tableSize = (count: number) => Math.max(2048, 2 ** Math.ceil(Math.log2(count * 2 + 1)));

/** The map that every request's site comes from: the client's own X-Frappe-Site-Name is never read. */
export function siteMap(hosts: ReadonlyMap<string, string>): string {
  const size = tableSize(hosts.size);
  return `  server_names_hash_bucket_size 512;
  server_names_hash_max_size ${size};
  map_hash_bucket_size 512;
  map_hash_max_size ${size};
  map $host $site {
    default "";
${[...hosts].map(([host, site]) => `    ${host} ${site};`).join("\n")}
  }
`;
}
