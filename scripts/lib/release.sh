# shellcheck shell=bash
# Building what is released. Sourced, not run; the script sets root, say and fail.
# shellcheck disable=SC2154

readonly build_report_seconds=15

# build_with_progress PRODUCT LOG OPTION…: says every few seconds how far the build is: the compiler numbers its steps.
build_with_progress() {
    local product=$1 log=$2 pid started=$SECONDS reported=$SECONDS step
    shift 2
    say "building $product (the first time takes 5 to 15 minutes; $log has the details)"
    swift build --package-path "$root" --configuration release --product "$product" "$@" >"$log" 2>&1 &
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
