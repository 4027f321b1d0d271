#!/bin/bash
# Exit code 0 if every model of models.config answers; for a container that has neither curl nor Python.
#
# TensorFlow Serving answers 200 to a status request while it loads; /metadata is 404 until a version can be asked.
set -eu
models=${MODELS:-/models}

answers() {
    { exec 3<> "/dev/tcp/127.0.0.1/${PORT:-8501}"; } 2> /dev/null || return 1
    printf 'GET /v1/models/%s/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
    local status=""
    IFS= read -r status <&3 || true
    exec 3>&-
    [[ $status == *" 200 "* ]]
}

names=$(sed -nE 's/^[[:space:]{]*(config[[:space:]:]*\{)?[[:space:]]*name:[[:space:]]*"([^"]+)".*/\2/p' "$models/models.config")
[ -n "$names" ] || { echo "health.sh: $models/models.config names no model" >&2; exit 1; }
for name in $names; do
    answers "$name" || { echo "health.sh: $name does not answer" >&2; exit 1; }
done
