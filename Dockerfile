# SPDX-License-Identifier: MIT
#
# pxdfuzz in a container, as a user without privileges. The image fuzzes the
# models:
#
#   docker build -t pxdfuzz .
#   docker run -v pxdfuzz:/data pxdfuzz          fuzzes; findings are in /data
#   docker run -v "$PWD:/in:ro" pxdfuzz replay /in/FILE
#   docker run pxdfuzz help
#
# The stage `check` is a second image, which has compilers and checks trees:
#
#   docker build -t pxdfuzz-check --target check .
#   docker run -v ~/linux:/linux:ro -v pxdfuzz:/data pxdfuzz-check check /linux
#
# No image contains code of a kernel. `./run ossfuzz --container` builds both
# with buildah and tries them.

FROM debian:bookworm-slim AS base
RUN useradd --system --user-group --home-dir /data \
      --shell /usr/sbin/nologin --uid 1000 pxdfuzz && \
    install -d -o pxdfuzz -g pxdfuzz /data
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/opt/pxdfuzz/bin/start"]

FROM base AS build
RUN apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
      --no-install-recommends cmake ninja-build g++ clang-19 \
      libclang-rt-19-dev libabsl-dev libyaml-cpp-dev nlohmann-json3-dev
COPY . /source
WORKDIR /source
RUN container/build.sh /opt/pxdfuzz

FROM build AS check
RUN DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
      --no-install-recommends git llvm-19 xz-utils && \
    apt-get clean && rm -rf build && \
    mkdir build && ln -s /data/check build/check
WORKDIR /data
USER pxdfuzz

FROM base
RUN apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
      --no-install-recommends libabsl20220623 libstdc++6 libyaml-cpp0.7 && \
    apt-get clean && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/pxdfuzz /opt/pxdfuzz
USER pxdfuzz
