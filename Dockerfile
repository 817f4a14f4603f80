# SPDX-License-Identifier: MIT
#
# pxdfuzz in a container, as a user without privileges:
#
#   docker build -t pxdfuzz .
#   docker run -v pxdfuzz:/data pxdfuzz          fuzzes; findings are in /data
#   docker run -v "$PWD:/in:ro" pxdfuzz replay /in/FILE
#   docker run pxdfuzz help
#
# `./run ossfuzz --container` builds the image with buildah and tries it.

FROM debian:bookworm-slim AS build
RUN apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
      --no-install-recommends cmake ninja-build g++ clang-19 \
      libclang-rt-19-dev libabsl-dev libyaml-cpp-dev nlohmann-json3-dev
COPY . /source
WORKDIR /source
RUN container/build.sh /opt/pxdfuzz

FROM debian:bookworm-slim
RUN apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
      --no-install-recommends libabsl20220623 libstdc++6 libyaml-cpp0.7 && \
    apt-get clean && rm -rf /var/lib/apt/lists/* && \
    useradd --system --user-group --home-dir /data \
      --shell /usr/sbin/nologin --uid 1000 pxdfuzz && \
    install -d -o pxdfuzz -g pxdfuzz /data
COPY --from=build /opt/pxdfuzz /opt/pxdfuzz
USER pxdfuzz
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/opt/pxdfuzz/bin/start"]
