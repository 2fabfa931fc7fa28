#!/bin/sh
# Starts the edge runtime as a user without rights (1000): whatever a function does, it does not do it as root.
#
# The engine makes the volume of the module cache as root's, and one of before holds root's files: so this begins as root,
# with the three capabilities that it takes to hand the folder over and to step down. No privilege comes back after that
# (no-new-privileges).
#
# The manager gives no variable to this container that steers how a program starts (a loader's, the C library's, a
# shell's). This does not rely on it: such variables are dropped first, programs come from the image's folders alone, and
# what works as root gets none of the environment. No variable of this shell has another name than one of the image's: a
# secret of the functions could have it, too.
set -eu

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# The names of such variables. A value of several lines can look like one more of them, and like nothing else.
steering() {
    export -p | while IFS= read -r line; do
        name=${line#export }
        name=${name%%=*}
        case $name in
            *[!A-Za-z0-9_]*) ;;
            LD_* | DYLD_* | GLIBC_* | MALLOC_* | GCONV_PATH | GETCONF_DIR | HOSTALIASES | LOCALDOMAIN | LOCPATH | \
                NIS_PATH | NLSPATH | RESOLV_HOST_CONF | RES_OPTIONS | TMPDIR | TZDIR | \
                BASH_ENV | CDPATH | ENV | SSH_CLIENT | SSH2_CLIENT)
                printf '%s ' "$name"
                ;;
        esac
    done
}

drop() { [ "$#" = 0 ] || unset "$@"; }

# shellcheck disable=SC2046 # one word for each name
drop $(steering)

if [ "$(env -i PATH="$PATH" stat -c %u "$DENO_DIR")" != 1000 ]; then
    # From the inside out: a folder that is handed over is complete, and the outermost comes last.
    env -i PATH="$PATH" find "$DENO_DIR" -depth -exec chown -h 1000:1000 {} + \
        || echo "functions: parts of the module cache cannot be handed over; remove the volume deno-cache" >&2
fi
exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all edge-runtime "$@"
