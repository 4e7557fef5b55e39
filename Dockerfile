# The laptop's stack: what `make run` starts, for a computer that has Docker and no Python.
FROM python:3.12-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make=4.3-* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 messenger \
    && install --directory --owner=messenger /messenger /data
USER messenger
WORKDIR /messenger

# What is installed changes less often than the code, and stays in the cache.
COPY --chown=messenger Makefile requirements.txt requirements-pictures.txt requirements-notify.txt requirements-passkeys.txt requirements-run.txt requirements-dev.txt ./
COPY --chown=messenger local/install.py local/install.py
RUN make build

COPY --chown=messenger . .

# Files go by a port of their own, which must be the same outside as inside: it is part of what is signed.
ENV HOST=0.0.0.0 PORT=8000 FILES_PORT=8001 DATA_DIR=/data
EXPOSE 8000 8001
VOLUME /data
HEALTHCHECK --start-period=60s CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/api/health')"]
CMD ["make", "run"]
