# shellcheck shell=bash
# Building what is released. Sourced, not run; the script sets root, say and fail.
# shellcheck disable=SC2154

readonly build_report_seconds=15
# In a folder of its own: with Swift's libraries inside the program, every module is compiled otherwise.
readonly released=(--configuration release --scratch-path "$root/.build/static" --static-swift-stdlib)

# build_with_progress PRODUCT LOG: says every few seconds how far the build is: the compiler numbers its steps.
build_with_progress() {
    local product=$1 log=$2 pid started=$SECONDS reported=$SECONDS step
    say "building $product (the first time takes 5 to 15 minutes; $log has the details)"
    swift build --package-path "$root" "${released[@]}" --product "$product" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        [ $((SECONDS - reported)) -ge "$build_report_seconds" ] || continue
        reported=$SECONDS
        step=$(grep --only-matching --extended-regexp '\[[0-9]+/[0-9]+\]' "$log" | tail -n 1 || true)
        say "  $((SECONDS - started)) s  ${step:-resolving dependencies}"
    done
    wait "$pid" || { tail -n 20 "$log" >&2 && fail "the build failed; see $log"; }
}

# build_released PRODUCT: the same, in the compiler's own words.
build_released() { swift build --package-path "$root" "${released[@]}" --product "$1" >&2; }

# The folder of the built programs.
released_folder() { swift build --package-path "$root" "${released[@]}" --show-bin-path; }
