/**
 * A volume that two pods of one node have mounted is open to both, whatever its access mode says: a pod deleted with --force is gone
 * from the API while its server still writes, and the next one starts beside it. MariaDB notices (it locks its files); Redis does not, and
 * Postgres looks for a process id, which in another container says nothing. The kernel's lock on a file of the volume does it for all.
 */

/** `command`, begun when no other process of this node holds the folder's lock; held until the last process that inherits it has ended. */
export const oneServer = (folder: string, command: readonly string[]): readonly string[] => [
  "/bin/sh",
  "-euc",
  // By descriptor: busybox' flock would stay the server's parent, and keep SIGTERM from it.
  'exec 9>>"$0"; flock 9; exec "$@"',
  `${folder}/.one-server`,
  ...command,
];
