# docker build -t mhsync .                  mhsync only
# docker build -t mhsync --build-arg PLUGINS="./plugins/mhsync-cloud ./plugins/mhsync-webhook" .
# docker run --rm -e MAGIC_HOUR_API_KEY -v "$PWD:/work" --user "$(id -u):$(id -g)" mhsync plan mhsync.yaml
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
ARG PLUGINS=""
RUN python -m venv /opt/mhsync \
    && /opt/mhsync/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c constraints.txt . $PLUGINS

FROM python:3.13-slim
COPY --from=build /opt/mhsync /opt/mhsync
ENV PATH=/opt/mhsync/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --create-home mhsync
USER 10001
WORKDIR /work
ENTRYPOINT ["mhsync"]
CMD ["--help"]
