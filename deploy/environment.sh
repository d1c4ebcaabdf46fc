# Makes .venv from a lock file, or leaves it alone when it already matches. Sourced by run and test.
# Usage: prepare_environment LOCKFILE   (in the root of the checkout; sets nothing else)

find_python() {
    for candidate in "${BECKON_PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    echo "Beckon needs Python 3.11 or newer. Name one in BECKON_PYTHON if it is installed elsewhere." >&2
    return 1
}

prepare_environment() {
    lock=$1
    stamp=.venv/beckon-lock
    wanted=$(cat "$lock" pyproject.toml | cksum)" $(pwd)"
    # The environment of the tests holds all that a server needs: never take packages away again.
    if [ -f "$stamp" ] && grep -qxF "$wanted" "$stamp"; then
        return 0
    fi
    python=$(find_python) || return 1
    echo "Making .venv from $lock (once)." >&2
    if [ -f .venv/beckon-place ] && [ "$(cat .venv/beckon-place)" != "$(pwd)" ]; then
        rm -rf .venv # copied from elsewhere: its scripts name the old place
    fi
    "$python" -m venv .venv || return 1
    pwd >.venv/beckon-place
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: -r "$lock" || return 1
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation --no-index -e . || return 1
    case $lock in
    *-dev.lock) cat deploy/requirements.lock pyproject.toml | cksum | sed "s|\$| $(pwd)|" >"$stamp" ;;
    *) : >"$stamp" ;;
    esac
    echo "$wanted" >>"$stamp"
}
