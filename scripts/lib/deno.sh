# The program that runs functions. Sourced by scripts that have `root` and `fail`.

# install_deno VENV: the program of the pinned Python package, which is kept; `deno` names it then.
install_deno() {
    local venv=$1 list=$root/Images/functions/requirements.txt version
    deno=$venv/bin/deno
    version=$(sed -n 's/^deno==\([0-9.]*\).*/\1/p' "$list")
    [ -x "$deno" ] && [ "$("$deno" --version 2>/dev/null | awk 'NR == 1 { print $2 }')" = "$version" ] && return
    [ -x "$venv/bin/python" ] || /usr/bin/python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$list" ||
        fail "Deno's package cannot be installed"
}
