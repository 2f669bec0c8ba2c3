#!/bin/bash
# Stand-in for the entrypoint of docker.io/library/postgres, written from its documentation (https://hub.docker.com/_/postgres):
# an empty data folder is initialised with a server that listens on its socket only, one with data is left alone, and the server
# takes this process' place.
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

initialise() {
  local user=${POSTGRES_USER:-postgres} password method
  password=$(setting POSTGRES_PASSWORD)
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    fail "the data folder is empty, and POSTGRES_PASSWORD(_FILE) is not set"
  fi
  # Its value is words of a command line, by the image's documentation.
  # shellcheck disable=SC2086
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") \
    ${POSTGRES_INITDB_WALDIR:+--waldir="$POSTGRES_INITDB_WALDIR"} ${POSTGRES_INITDB_ARGS:-} >&2
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  if [ -n "${POSTGRES_DB:-}" ] && [ "$POSTGRES_DB" != postgres ]; then
    shift
    pg_ctl -o "$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")" -w start >&2
    PGPASSWORD=$password psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$user" --dbname postgres --set db="$POSTGRES_DB" >&2 <<<'CREATE DATABASE :"db";'
    pg_ctl -m fast -w stop >&2
  fi
  say "initialised $PGDATA"
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
[ "${1:-}" = postgres ] || exec "$@"

mkdir -p "$PGDATA"
if [ "$(id -u)" = 0 ]; then
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
chmod 700 "$PGDATA" 2>/dev/null || true
[ -s "$PGDATA/PG_VERSION" ] || initialise "$@"
exec "$@"
