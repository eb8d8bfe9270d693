# One file for all images: a stage per program, each with nothing in it but its bundle and Node.
ARG NODE_IMAGE=node:24-trixie-slim

# The manifests alone, so that dependencies are installed again only when one of them changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests && find package.json package-lock.json apps libs infra \
      \( -name package.json -o -name package-lock.json \) -not -path '*/fixture/*' -exec cp --parents {} /manifests \;

FROM ${NODE_IMAGE} AS bundles
WORKDIR /src
COPY --from=manifests /manifests .
# No install scripts: what a bundle takes needs none.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
RUN node --disable-warning=ExperimentalWarning infra/docker/src/bundle/main.ts --out /bundles

FROM ${NODE_IMAGE} AS program
ENV NODE_ENV=production HOST=0.0.0.0
COPY infra/docker/http-ok /usr/local/bin/http-ok
# A new volume takes its owner over from here.
RUN mkdir /var/lib/newscience && chown 1000:1000 /var/lib/newscience
WORKDIR /app
USER 1000:1000
CMD ["node", "main.mjs"]

FROM program AS setup
COPY --from=bundles /bundles/setup .

FROM program AS monolith
COPY --from=bundles /bundles/monolith .
ENV PORT=8082
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=6 CMD ["http-ok", "8082", "/health/ready"]

FROM program AS gateway
COPY --from=bundles /bundles/gateway .
ENV PORT=8080 OPERATOR_PORT=8081
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=6 CMD ["http-ok", "8081", "/health/ready"]

FROM program AS migrator
COPY --from=bundles /bundles/migrator .
ENV PORT=8083
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=6 CMD ["http-ok", "8083", "/health/ready"]

FROM program AS activity-service
COPY --from=bundles /bundles/activity-service .
ENV PORT=8084
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=6 CMD ["http-ok", "8084", "/health/ready"]
