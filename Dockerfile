# Two images: `docker build --target serve .` serves savedmodels/, `docker build --target train .` trains on a GPU.

# ---- serve: TensorFlow Serving with what lies in savedmodels/; docs/serving.md says how to run it.
ARG TFS_TAG=2.20.0
FROM tensorflow/serving:${TFS_TAG} AS serve

COPY --chmod=755 deploy/serve.sh deploy/health.sh /usr/local/bin/
COPY savedmodels/ /models/

# Nobody: it writes nothing but the configuration that serve.sh makes in /tmp.
USER 65534:65534
EXPOSE 8500 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["health.sh"]
ENTRYPOINT ["serve.sh"]
CMD ["--monitoring_config_file=/models/monitoring.config", \
     "--enable_batching", \
     "--batching_parameters_file=/models/batching.config", \
     "--rest_api_timeout_in_ms=60000", \
     "--enable_grpc_healthcheck_service"]

# ---- train: kgan on a GPU. The CUDA libraries come with TensorFlow's own packages, the driver from the host.
FROM python:3.12-slim AS train

# What the container toolkit brings in from the host; only NVIDIA's own images say it themselves.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=2

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY kgan/ kgan/
COPY kgan_cli/ kgan_cli/
COPY apps/ apps/
COPY savedmodels/ savedmodels/
# hadolint ignore=DL3013
RUN --mount=type=cache,target=/root/.cache/pip pip install ".[gpu,plots,video]"

RUN useradd --create-home --uid 1000 kgan && mkdir -p /home/kgan/runs /home/kgan/savedmodels && chown -R kgan /home/kgan && chmod 755 /home/kgan
USER 1000
WORKDIR /home/kgan
VOLUME ["/home/kgan/runs", "/home/kgan/savedmodels"]
ENTRYPOINT ["kgan"]
CMD ["--help"]
