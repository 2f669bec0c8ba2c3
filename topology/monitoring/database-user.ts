/** How the server's admin makes the user that only looks: again and again the same, and never with a password in an argument. */

/** The user; no site's schema may be called so. */
export const databaseMonitor = "monitor";

/** Where the passwords lie, and the admin's in the client's own form: in memory. */
export const credentialFolders = {
  admin: "/etc/database-admin",
  monitor: "/etc/database-monitor",
  client: "/credentials",
} as const;

/** Seconds; a server that does not come in this time is waited for again, by a new container. */
const patience = 300;

/** Connections of the exporter at a time. */
const connections = 5;

/** Waits until the shell's function `client` gets an answer, and shows what it got if that was in vain. */
const waiting = (question: string) => `deadline=$(($(date +%s) + ${patience}))
until said=$(client ${question} 2>&1); do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    printf 'no answer in ${patience} seconds: %s\\n' "$said" >&2
    exit 1
  fi
  sleep 2
done
`;

const { admin, monitor, client } = credentialFolders;

/**
 * Status and variables are open to whoever may log in; this user gets nothing more.
 * @param options path of the client's options but for who it is.
 */
export const makeMariadbMonitor = (options: string): string => `umask 077
escaped() { sed 's/[\\\\"]/\\\\&/g' "$1"; }
{
  cat ${options}
  printf 'user = "%s"\\npassword = "%s"\\n' "$(escaped ${admin}/username)" "$(escaped ${admin}/password)"
} >${client}/admin.cnf
client() { mariadb --defaults-file=${client}/admin.cnf --connect-timeout=5 "$@"; }
${waiting("--execute='SELECT 1'")}password=$(cat ${monitor}/password)
client <<SQL
CREATE USER IF NOT EXISTS '${databaseMonitor}'@'%' IDENTIFIED BY '$password' WITH MAX_USER_CONNECTIONS ${connections};
ALTER USER '${databaseMonitor}'@'%' IDENTIFIED BY '$password' WITH MAX_USER_CONNECTIONS ${connections};
SQL
`;

/**
 * pg_monitor reads statistics of every session and database, and no data. Statements that carry a password must not be in the
 * server's log, were they slow or refused; only a superuser may say so.
 */
export const makePostgresMonitor = (host: string, port: number): string => `umask 077
export PGPASSFILE=${client}/pgpass PGCONNECT_TIMEOUT=5
printf '*:*:*:*:%s\\n' "$(sed 's/[\\\\:]/\\\\&/g' ${admin}/password)" >"$PGPASSFILE"
client() {
  psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --output=/dev/null \\
    --host=${host} --port=${port} --dbname=postgres --username="$(cat ${admin}/username)" "$@"
}
${waiting("--command='SELECT 1'")}client <<'SQL'
SET client_min_messages = warning;
\\set password \`cat ${monitor}/password\`
SELECT set_config('log_min_duration_statement', '-1', false), set_config('log_min_error_statement', 'panic', false)
  FROM pg_roles WHERE rolname = current_user AND rolsuper;
SELECT 'CREATE ROLE ${databaseMonitor} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${databaseMonitor}')
\\gexec
ALTER ROLE ${databaseMonitor} LOGIN CONNECTION LIMIT ${connections} PASSWORD :'password';
GRANT pg_monitor TO ${databaseMonitor};
SQL
`;
