#!/bin/sh
# As in the official image: options alone mean the server, everything else is a command.
set -eu

case ${1:-} in
    '' | -*) set -- envoy "$@" ;;
esac
exec "$@"
