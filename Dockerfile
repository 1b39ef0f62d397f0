# The program alone: a static binary, the roots of public certificate authorities, and nothing else. docs/container.md shows how to run it.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make musl-tools \
 && rm -rf /var/lib/apt/lists/* \
 && rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /build

# The dependencies are a layer of their own, which a change of our own source leaves as it is.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src \
 && echo 'fn main() {}' >src/main.rs \
 && touch src/lib.rs \
 && cargo build --locked --release --target "$(uname -m)-unknown-linux-musl"

COPY src src
# The commit, which --version shortens to twelve digits; without it, the build says that it is one for development.
ARG REVISION
# Cargo goes by the time of change, which COPY keeps.
RUN touch src/main.rs src/lib.rs \
 && export BUILD_COMMIT="$(echo "$REVISION" | sed -E 's/^([0-9a-f]{12})[0-9a-f]*/\1/')" \
 && cargo build --locked --release --target "$(uname -m)-unknown-linux-musl" \
 && mv "target/$(uname -m)-unknown-linux-musl/release/backstage-oidc-helper" .

FROM scratch
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="backstage-oidc-helper" \
      org.opencontainers.image.description="Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/backstage-oidc-helper /backstage-oidc-helper
COPY LICENSE THIRD-PARTY-LICENSES.txt /licenses/
# Makes the roles listen beyond loopback unless LISTEN and CONTROL_LISTEN say otherwise.
ENV IN_CONTAINER=true
USER 65532:65532
EXPOSE 8000 8888
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/backstage-oidc-helper", "healthcheck"]
ENTRYPOINT ["/backstage-oidc-helper"]
CMD ["proxy"]
