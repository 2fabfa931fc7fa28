#!/bin/sh
# Entry point of the database stand-in. It behaves like the official image as far as the template relies on it:
# the first start makes the cluster, runs init-scripts as `postgres` and migrations as `supabase_admin`, and only then
# does the server listen on the network.
#
# The cluster is made in a hidden folder inside the data directory and moved into place file by file, PG_VERSION last.
# So a data directory with PG_VERSION is complete, and an interrupted first start begins again from nothing.
set -eu

# Any other command runs as it is, and as root.
[ "${1:-}" = postgres ] || exec "$@"

data=${PGDATA:-/var/lib/postgresql/data}
scripts=/docker-entrypoint-initdb.d
unfinished=$data/.unfinished
PATH=/usr/lib/postgresql/bin:$PATH
export PATH

# The server's folder becomes its user's, and everything from here on runs as that user.
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data"
    chmod 0700 "$data"
    find "$data" ! -user postgres -exec chown postgres {} +
    exec /usr/bin/setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

say() { printf '%s\n' "db: $*" >&2; }

refuse() {
    say "cannot start: $*"
    exit 1
}

# Runs one SQL file inside the temporary server: run_sql ROLE FILE
run_sql() {
    PGPASSWORD=$POSTGRES_PASSWORD psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
        --host /tmp --username "$1" --dbname postgres --file "$2" >/dev/null || refuse "$2 failed"
}

make_cluster() {
    [ -n "${POSTGRES_PASSWORD:-}" ] || refuse "POSTGRES_PASSWORD is required"
    [ "${POSTGRES_DB:-postgres}" = postgres ] || refuse "POSTGRES_DB must be postgres"
    case ${JWT_EXP:-} in
        '' | *[!0-9]*) refuse "JWT_EXP must be a number of seconds" ;;
    esac

    rm -rf "$unfinished"
    mkdir "$unfinished" || refuse "cannot write to $data"
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    initdb --pgdata "$unfinished" --username supabase_admin --pwfile /tmp/password --auth scram-sha-256 \
        --no-locale --encoding UTF8 --no-sync >/tmp/initdb.log 2>&1 \
        || { cat /tmp/initdb.log >&2; refuse "initdb failed"; }
    rm -f /tmp/password

    # On a Unix socket only: nobody can mistake a half-made database for a ready one.
    pg_ctl --pgdata "$unfinished" --wait --silent --log /tmp/init-server.log \
        --options "-c config_file=/etc/postgresql/postgresql.conf -c listen_addresses= -c fsync=off" start \
        || { cat /tmp/init-server.log >&2; refuse "the temporary server did not start"; }

    run_sql supabase_admin "$scripts/base.sql"
    for file in "$scripts"/init-scripts/*.sql; do
        [ -e "$file" ] || continue
        say "running $file"
        run_sql postgres "$file"
    done
    for file in "$scripts"/migrations/*.sql; do
        [ -e "$file" ] || continue
        say "running $file"
        run_sql supabase_admin "$file"
    done

    pg_ctl --pgdata "$unfinished" --wait --silent --mode fast stop || refuse "the temporary server did not stop"
    for file in "$unfinished"/*; do
        [ "${file##*/}" = PG_VERSION ] || mv "$file" "$data/"
    done
    mv "$unfinished/PG_VERSION" "$data/"
    rmdir "$unfinished"
    say "first start complete"
}

if [ ! -s "$data/PG_VERSION" ]; then
    for file in "$data"/* "$data"/.[!.]*; do
        [ -e "$file" ] || continue
        [ -d "$unfinished" ] || refuse "$data holds files but no database"
        [ "$file" = "$unfinished" ] || rm -rf "$file"
    done
    make_cluster
else
    rm -rf "$unfinished"
fi

# A key that losing would make encrypted columns unreadable; the official image makes it here too, when the server starts.
key=/etc/postgresql-custom/pgsodium_root.key
[ -f "$key" ] || (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$key") || refuse "cannot write $key"

# A fresh volume comes with the mount point's permissions; PostgreSQL insists on its own.
chmod 0700 "$data" || refuse "$data does not belong to the server's user"

exec "$@" -D "$data"
