# shellcheck shell=bash
# Staging of small root file systems from programs installed on this machine. Sourced, not run.

# copy_path ROOT PATH…: copies files or folders to the same place below ROOT, links resolved.
copy_path() {
    local tree=$1 path
    shift
    for path in "$@"; do
        mkdir -p "$tree$(dirname "$path")"
        cp -aL "$path" "$tree$(dirname "$path")/"
    done
}

# copy_libraries ROOT FILE…: copies every shared library that the programs or libraries FILE need.
copy_libraries() {
    local tree=$1 library
    shift
    while read -r library; do
        [ -e "$tree$library" ] || copy_path "$tree" "$library"
    done < <(for file in "$@"; do ldd "$file" 2>/dev/null || true; done \
        | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | sort -u)
}

# copy_shell ROOT: a static busybox with the commands that an entry point needs.
copy_shell() {
    local tree=$1 applet
    mkdir -p "$tree/bin"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    for applet in sh cat chmod chown cp date env find grep id ln ls mkdir mv od printf ps rm rmdir sed sleep stat sync tr \
        wget; do
        ln -sf busybox "$tree/bin/$applet"
    done
}

# write_users ROOT NAME ID: user and name service files with root and one more user.
write_users() {
    local tree=$1 name=$2 id=$3
    mkdir -p "$tree/etc" "$tree/tmp"
    chmod 1777 "$tree/tmp"
    printf 'root:x:0:0:root:/root:/bin/sh\n%s:x:%s:%s::/:/bin/sh\n' "$name" "$id" "$id" >"$tree/etc/passwd"
    printf 'root:x:0:\n%s:x:%s:\n' "$name" "$id" >"$tree/etc/group"
    printf 'hosts: files dns\n' >"$tree/etc/nsswitch.conf"
}

# pack_rootfs ROOT TAR OWNER PATH…: packs ROOT with everything owned by root, except the folders PATH, which are made
# and belong to OWNER: named volumes mounted there take that owner over. Needs no root rights.
pack_rootfs() {
    local tree=$1 archive=$2 owner=$3 path
    shift 3
    tar --create --file "$archive" --directory "$tree" --owner=0 --group=0 --numeric-owner --sort=name .
    for path in "$@"; do
        mkdir -p "$tree$path"
        tar --append --file "$archive" --directory "$tree" --owner="$owner" --group="$owner" --mode=u=rwx,go=rx \
            --numeric-owner --no-recursion ".$path"
    done
}
