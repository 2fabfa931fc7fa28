#!/bin/sh
# Starts the database: the image's own entry point, after the key of encrypted columns got its place.
#
# The image keeps that key beside configuration files of its own, in one folder. A volume over that folder would keep the
# files of the first image for ever, so an image that expects other ones would not start, or start with old lists of
# allowed extensions. Here the volume holds the key only, and the image's folder has a link to it: a new image brings its
# own files. Runs as root, as the entry point does; the server itself does not.
set -eu

volume=/etc/postgresql-key
image_folder=/etc/postgresql-custom
key=pgsodium_root.key

# The server's user owns the folder, and so decides what stands in it: what is no ordinary file was put there, and root
# follows no link of that user.
refuse() {
    echo "db: $1 is no ordinary file, so the database does not start: remove it, or put the key back" >&2
    exit 1
}

chown -h postgres:postgres "$volume"
if [ -h "$volume/$key" ]; then
    refuse "$volume/$key"
elif [ -f "$volume/$key" ]; then
    # An image that gives the server's user another number.
    chown -h postgres:postgres "$volume/$key"
elif [ -e "$volume/$key" ]; then
    refuse "$volume/$key"
elif [ -s "${PGDATA:-/var/lib/postgresql/data}/PG_VERSION" ]; then
    echo "db: the key of encrypted columns is missing ($volume/$key): a new one is made, by which what was encrypted" \
        "before cannot be read" >&2
fi
# The server writes the key at its first start, through the link.
if [ -d "$image_folder/$key" ] && [ ! -h "$image_folder/$key" ]; then
    refuse "$image_folder/$key"
fi
ln -sfn "$volume/$key" "$image_folder/$key"

exec docker-entrypoint.sh "$@"
