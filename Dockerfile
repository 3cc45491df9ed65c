# syntax=docker/dockerfile:1

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
# Without pip of its own: the image holds what the server needs and no more.
RUN python -m venv --without-pip /opt/quotaloom
COPY requirements-app.lock requirements.lock ./
RUN pip --python /opt/quotaloom/bin/python install --require-hashes -r requirements-app.lock
# The build backend and what it needs, as they are locked, into this stage's own Python.
RUN awk '/^[a-z]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } wanted' requirements.lock \
        > /tmp/build.lock \
    && pip install --require-hashes -r /tmp/build.lock
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./core/sdk . \
    && pip --python /opt/quotaloom/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim
# The account needs a name: PostgreSQL's initdb looks it up.
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin quotaloom \
    && install --directory --owner quotaloom --group quotaloom --mode 0700 /data
COPY --from=build /opt/quotaloom /opt/quotaloom
ENV PATH=/opt/quotaloom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    QUOTALOOM_HOST=0.0.0.0 \
    QUOTALOOM_PORT=8000 \
    QUOTALOOM_DATA_DIR=/data
USER quotaloom
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['QUOTALOOM_PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["quotaloom"]
CMD ["serve"]
