FROM python:3.13-slim AS base


# What the program needs, exactly as locked, without what no page of ours ever loads.
FROM base AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.lock /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/chat-app && \
    pip --python /opt/chat-app install --no-compile --require-hashes --requirement /tmp/requirements.lock
# Test suites, stubs and the like are for those who develop these packages. Of Gradio's own files no page of ours asks
# for the sample media, the renderer for Node, the video cutter and the plots. hf_xet downloads from a hub faster; nothing
# is downloaded here.
RUN cd /opt/chat-app/lib/python3*/site-packages && \
    find . -depth -type d \( -name tests -o -name test \) -exec rm -r {} + && \
    find . -type f \( -name '*.pyi' -o -name '*.map' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.a' -o -name '*.h' \) -delete && \
    rm -r gradio/media_assets gradio/test_data gradio/templates/node \
        gradio/templates/frontend/static/ffmpeg gradio/templates/frontend/static/bokeh hf_xet && \
    /opt/chat-app/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$PWD"


# The program itself, as a wheel, laid out to be copied over the environment: its changes make a small layer.
FROM dependencies AS program
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY chat_app chat_app
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --no-deps --wheel-dir /wheels . && \
    pip --python /opt/chat-app install --no-compile --no-deps --no-index --prefix /program /wheels/*.whl && \
    python -m compileall -q --invalidation-mode unchecked-hash -s /program -p /opt/chat-app /program


FROM base
LABEL org.opencontainers.image.title="chat-app" org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 1000 chat && \
    useradd --uid 1000 --gid chat --home-dir /data --no-create-home --shell /usr/sbin/nologin chat && \
    install --directory --owner chat --group chat /data
COPY --from=dependencies /opt/chat-app /opt/chat-app
COPY --from=program /program /opt/chat-app
# The settings: mount your own folder over this one, `--volume ./config:/config:ro`. Relative paths in chat.yaml, to pictures
# and CSS, start at /, so that `config/logo.png` is the same file here as in a clone.
COPY config/chat.yaml /config/
WORKDIR /
# Uploads and caches go to /tmp, which may be a tmpfs; the rest of the file system may be read-only.
ENV PATH=/opt/chat-app/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    CHAT_APP_IN_CONTAINER=1 \
    CHAT_APP_CONFIG=/config/chat.yaml \
    CHAT_APP__CHAT__FLAGGING_DIR=/data/feedback \
    CHAT_APP__SERVER__HOST=0.0.0.0 \
    CHAT_APP__SERVER__PORT=7860
EXPOSE 7860
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"CHAT_APP__SERVER__PORT\"]}/health', timeout=4)"]
ENTRYPOINT ["chat-app"]
CMD ["serve"]
