#!/bin/bash
# Starts TensorFlow Serving on the models in MODELS (/models), whose models.config `kgan export` wrote elsewhere.
#
# A base_path must be absolute, and the file names folders of the machine that published. Here each stands for the
# folder of the same name in MODELS. The file is read again every few seconds, so that what is published into a mounted
# folder, and a label that moves, are served without a restart. Arguments go to tensorflow_model_server as they are.
set -eu
models=${MODELS:-/models}
config=$(mktemp -d)/models.config

translate() {
    sed -E "s#(base_path:[[:space:]]*)\"([^\"]*/)?([^/\"]+)/?\"#\\1\"$models/\\3\"#" "$models/models.config" \
        > "$config.new" && mv "$config.new" "$config" # in one step: the server never reads half of it
}

translate || {
    echo "serve.sh: $models/models.config cannot be read; publish a model: kgan export RUN --to savedmodels/NAME" >&2
    exit 1
}

tensorflow_model_server --port="${GRPC_PORT:-8500}" --rest_api_port="${PORT:-8501}" \
    --model_config_file="$config" --model_config_file_poll_wait_seconds=2 \
    --allow_version_labels_for_unavailable_models "$@" &
server=$!

# As process 1 the server would not hear SIGTERM: the kernel drops what the first process has no handler for.
trap 'kill -TERM "$server"' TERM INT
while kill -0 "$server" 2> /dev/null; do
    sleep 2 &
    wait $! || true
    # A file that is gone for a moment is no reason to stop.
    translate 2> /dev/null || true
done
wait "$server"
