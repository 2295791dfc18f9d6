# syntax=docker/dockerfile:1
# One image for web, worker and migrate; compose.yaml says which it is.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
WORKDIR /build
COPY requirements-tools.lock requirements.lock ./
RUN pip install --require-hashes -r requirements-tools.lock \
 && python -m venv --without-pip /opt/parley \
 && uv pip install --python /opt/parley/bin/python --compile-bytecode \
    --only-binary :all: --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/opt/parley/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --user-group --home-dir /srv/parley --shell /usr/sbin/nologin parley
COPY --from=build /opt/parley /opt/parley
WORKDIR /srv/parley
COPY manage.py ./
COPY project project
COPY apps apps
COPY templates templates
COPY static static
COPY locale locale
COPY deploy deploy
# The values below are for this step only: collecting files connects to nothing and keeps no secret.
RUN python -m compileall -q project apps \
 && SECRET_KEY=only-while-the-image-is-built-0123456789-abcdefghijklmnop \
    PUBLIC_URL=https://build.invalid NUM_PROXIES=0 OPENAI_API_KEY=none \
    DATABASE_URL=postgresql:///none REDIS_URL=redis://127.0.0.1/0 \
    python manage.py collectstatic --noinput --verbosity 0
USER parley
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
# Forwarded headers are read by the application alone, which counts NUM_PROXIES from the right.
CMD ["uvicorn", "project.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "65536", \
     "--no-proxy-headers", "--no-server-header", "--no-access-log", "--log-level", "warning", \
     "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "25"]
