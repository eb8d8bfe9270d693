#!/usr/bin/env bash
# Hands the superuser's password to the image's own start. A variable of the container would stand in `docker inspect`.
set -euo pipefail
POSTGRES_PASSWORD="$(</run/secrets/postgres-password)"
export POSTGRES_PASSWORD
exec docker-entrypoint.sh "$@"
