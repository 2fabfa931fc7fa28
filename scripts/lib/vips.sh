# The library that transforms images. Sourced by scripts that have `root` and `fail`.

# install_vips VENV: the library of the pinned Python package, which is kept; `vips` names it then.
install_vips() {
    local venv=$1 list=$root/Images/projectd/requirements.txt version
    version=$(sed -n 's/^pyvips-binary==\([0-9.]*\).*/\1/p' "$list")
    if [ "$(cat "$venv/vips-version" 2>/dev/null)" != "$version" ]; then
        [ -x "$venv/bin/python" ] || /usr/bin/python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
            --requirement "$list" || fail "the package of libvips cannot be installed"
        printf '%s\n' "$version" >"$venv/vips-version"
    fi
    vips=$(find "$venv" -path '*/pyvips_binary.libs/libvips*.so.42' | head -n 1)
    [ -n "$vips" ] || fail "the package pyvips-binary $version has no libvips.so.42 in it"
}
