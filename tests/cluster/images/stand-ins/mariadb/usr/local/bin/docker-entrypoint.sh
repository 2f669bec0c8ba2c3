#!/bin/bash
# Stand-in for the entrypoint of docker.io/library/mariadb, written from its documentation
# (https://hub.docker.com/_/mariadb, https://mariadb.com/kb/en/mariadb-docker-environment-variables): an empty data folder is
# initialised with a server that listens on its socket only, one with data is left alone, and the server takes this process' place.
set -euo pipefail

say() { echo "[stand-in entrypoint] $*" >&2; }
fail() { say "ERROR: $*"; exit 1; }

# The value of a variable, or of the file that the variable with _FILE names.
setting() {
  local name=$1 file_name="$1_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    fail "$name and $file_name are both set, and exclude each other"
  fi
  if [ -n "${!file_name:-}" ]; then
    [ -r "${!file_name}" ] || fail "$file_name names ${!file_name}, which cannot be read"
    cat "${!file_name}"
  else
    printf '%s' "${!name:-}"
  fi
}

# Between single quotes of SQL.
quoted() { sed "s/\\\\/\\\\\\\\/g; s/'/''/g" <<<"$1"; }

setting_of_server() {
  "$@" --verbose --help 2>/dev/null | awk -v name="$setting_name" '$1 == name { $1 = ""; sub(/^ +/, ""); print; exit }'
}

start_apart() {
  "$@" --skip-networking --socket="$socket" --pid-file="$apart/pid" --skip-slave-start &
  server=$!
  local left
  for left in $(seq 120 -1 0); do
    mariadb-admin --no-defaults --protocol=socket --socket="$socket" --user=root ping >/dev/null 2>&1 && return 0
    kill -0 "$server" 2>/dev/null || fail "the temporary server ended before it answered"
    [ "$left" -gt 0 ] || fail "the temporary server did not answer within two minutes"
    sleep 1
  done
}

stop_apart() {
  kill "$server"
  wait "$server" || fail "the temporary server did not end well"
}

first_users() {
  local root host user password
  root=$(quoted "$root_password")
  host=$(quoted "${MARIADB_ROOT_HOST:-%}")
  cat <<SQL
SET @@SESSION.SQL_LOG_BIN = 0;
DROP USER IF EXISTS root@'127.0.0.1', root@'::1';
EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\'', @@hostname, '\'');
SET PASSWORD FOR 'root'@'localhost' = PASSWORD('$root');
CREATE USER IF NOT EXISTS 'root'@'$host' IDENTIFIED BY '$root';
GRANT ALL ON *.* TO 'root'@'$host' WITH GRANT OPTION;
SQL
  if [ -n "${MARIADB_DATABASE:-}" ]; then
    # shellcheck disable=SC2016 # backticks of SQL
    printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "${MARIADB_DATABASE//\`/\`\`}"
  fi
  if [ -n "${MARIADB_USER:-}" ]; then
    user=$(quoted "$MARIADB_USER")
    password=$(quoted "$user_password")
    echo "CREATE USER '$user'@'%' IDENTIFIED BY '$password';"
    [ -z "${MARIADB_DATABASE:-}" ] || printf "GRANT ALL ON \`%s\`.* TO '%s'@'%%';\n" "${MARIADB_DATABASE//\`/\`\`}" "$user"
  fi
  echo "FLUSH PRIVILEGES;"
}

initialise() {
  root_password=$(setting MARIADB_ROOT_PASSWORD)
  user_password=$(setting MARIADB_PASSWORD)
  if [ -z "$root_password" ] && [ -z "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ]; then
    fail "the data folder is empty, and neither MARIADB_ROOT_PASSWORD(_FILE) nor MARIADB_ALLOW_EMPTY_ROOT_PASSWORD is set"
  fi
  say "initialising $data"
  mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal --skip-test-db --skip-log-bin >&2
  start_apart "$@"
  first_users | mariadb --no-defaults --protocol=socket --socket="$socket" --user=root mysql
  stop_apart
  say "initialised $data"
}

# Only where the data are of another version: the server writes its own into the data folder.
upgrade() {
  local info="$data/mariadb_upgrade_info" version
  [ -e "$info" ] || info="$data/mysql_upgrade_info"
  version=$("$1" --version | grep -oE '[0-9]+[.][0-9]+[.][0-9]+-MariaDB' | head -1)
  [ -e "$info" ] && [ "$(tr -d '\0' <"$info")" = "$version" ] && return 0
  say "upgrading the system tables of $data to $version"
  start_apart "$@" --skip-grant-tables
  mariadb-upgrade --no-defaults --protocol=socket --socket="$socket" --user=root --upgrade-system-tables >&2
  stop_apart
}

[ "${1:0:1}" != - ] || set -- mariadbd "$@"
case "${1:-}" in mariadbd | mysqld) ;; *) exec "$@" ;; esac

if [ "$(id -u)" = 0 ]; then
  setting_name=datadir
  chown -R mysql:mysql "$(setting_of_server "$@")" /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

setting_name=datadir
data=$(setting_of_server "$@")
data=${data%/}
apart=$(mktemp -d)
socket=$apart/socket
if [ ! -d "$data/mysql" ]; then
  initialise "$@"
elif [ -n "${MARIADB_AUTO_UPGRADE:-}" ]; then
  upgrade "$@"
fi
rm -rf "$apart"
unset root_password user_password
exec "$@"
