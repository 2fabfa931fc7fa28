#!/bin/sh
# Starts the edge runtime as a user without rights: whatever a function does, it does not do it as root.
#
# The engine makes the volume of the module cache as root's, and one of before holds root's files: so this begins as root,
# with the three capabilities that it takes to hand the folder over and to step down. No privilege comes back after that
# (no-new-privileges).
set -eu

user=1000
if [ "$(stat -c %u "$DENO_DIR")" != "$user" ]; then
    # From the inside out: a folder that is handed over is complete, and the outermost comes last.
    find "$DENO_DIR" -depth -exec chown -h "$user:$user" {} + \
        || echo "functions: parts of the module cache cannot be handed over; remove the volume deno-cache" >&2
fi
exec /usr/bin/setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all edge-runtime "$@"
