# SPDX-License-Identifier: MIT
#
# pxdfuzz in a container, as a user without privileges:
#
#   docker build -t pxdfuzz .
#   docker run -v pxdfuzz:/data pxdfuzz          fuzzes; findings are in /data
#   docker run -v "$PWD:/in:ro" pxdfuzz replay /in/FILE
#   docker run pxdfuzz help
#
# What the steps do is in container/install.sh.

FROM debian:bookworm-slim AS build
COPY container/install.sh /install.sh
RUN /install.sh tools
COPY . /source
RUN /install.sh build /source /opt/pxdfuzz

FROM debian:bookworm-slim
COPY container/install.sh /install.sh
RUN /install.sh runtime && rm /install.sh
COPY --from=build /opt/pxdfuzz /opt/pxdfuzz
USER pxdfuzz
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/opt/pxdfuzz/bin/start"]
