# shellcheck shell=bash
# Images without a registry. Sourced, not run, after rootfs.sh; the script sets root, tool (its name in messages), work
# (a folder for build contexts) and force (yes or no).

readonly inputs_label=supamanager.inputs

say() { printf '%s\n' "$tool: $*"; }

fail() {
    printf '%s\n' "$tool: $*" >&2
    exit 1
}

# The newest PostgreSQL of this machine, such as /usr/lib/postgresql/15.
postgres_folder() {
    find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -name '[0-9]*' 2>/dev/null | sort -V | tail -n 1
}

# require_programs PROGRAM…: ends with the names of those that are missing.
require_programs() {
    local program missing=()
    for program in docker busybox ldd tar sha256sum "$(postgres_folder)/bin/initdb" "$@"; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ ${#missing[@]} -eq 0 ] || fail "missing: ${missing[*]}; run scripts/setup first"
    docker version >/dev/null 2>&1 || fail "no Docker Engine answers; run scripts/setup first"
}

# hash_of TEXT PATH…: one short hash over the text and over the names and contents of all files below the paths.
hash_of() {
    local text=$1
    shift
    {
        printf '%s\n' "$text"
        find "$@" -type f -not -path '*/__pycache__/*' | sort | while read -r file; do
            printf '%s ' "${file#"$root"/}"
            sha256sum <"$file"
        done
    } | sha256sum | cut -c1-16
}

package_versions() {
    dpkg-query --show --showformat='${Package}=${Version}\n' "$@" 2>/dev/null || true
}

# is_current IMAGE HASH
is_current() {
    [ "$force" = no ] || return 1
    [ "$(docker image inspect --format "{{index .Config.Labels \"$inputs_label\"}}" "$1" 2>/dev/null)" = "$2" ]
}

# build IMAGE HASH CONTEXT|- OPTION…: the classic builder, since it is in every engine; a Dockerfile may come on stdin.
build() {
    local log=$work/build.log image=$1 hash=$2 context=$3
    shift 3
    DOCKER_BUILDKIT=0 docker build --quiet --network none --tag "$image" --label "$inputs_label=$hash" "$@" \
        "$context" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "building $image failed"
    }
    say "built $image"
}

# fresh_stage NAME: an empty folder for the build context; its path is printed.
fresh_stage() {
    local stage=$work/$1
    rm -rf "$stage"
    mkdir -p "$stage/rootfs"
    printf '%s\n' "$stage"
}

# copy_postgres ROOT PROGRAM…: PostgreSQL with the named programs, all extensions that are installed, and their libraries.
copy_postgres() {
    local tree=$1 postgres version program programs=()
    shift
    postgres=$(postgres_folder)
    version=${postgres##*/}
    mkdir -p "$tree$postgres/lib"
    for program in "$@"; do
        copy_path "$tree" "$postgres/bin/$program"
        programs+=("$postgres/bin/$program")
    done
    # Without the just-in-time compiler: its library alone is larger than everything else.
    tar --create --directory "$postgres/lib" --exclude=bitcode --exclude='llvmjit*' --exclude=pgxs . \
        | tar --extract --directory "$tree$postgres/lib"
    copy_path "$tree" "/usr/share/postgresql/$version" /usr/share/zoneinfo
    rm -rf "$tree/usr/share/postgresql/$version/man" "$tree"/usr/share/zoneinfo/{posix,right}
    copy_libraries "$tree" "${programs[@]}" "$tree$postgres"/lib/*.so
    ln -s "$version/bin" "$tree/usr/lib/postgresql/bin"
}
