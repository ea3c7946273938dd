# Two stages: one installs, the other holds only what runs.
# BASE may name the image by its digest: docker compose build --build-arg BASE=python@sha256:...
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE} AS install

# On x86 PyPI's torch brings several GB of CUDA along. TORCH_INDEX names an index of smaller builds: the one that
# pytorch.org's "Start locally" gives for CPU, say. Empty takes pip's default.
ARG TORCH_INDEX=""

RUN python3 -m venv /opt/shiftscope
ENV PATH=/opt/shiftscope/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# Dependencies first: they change less often than the code, and a layer that did not change is not built again. Each file
# must have one of the hashes written down; torch has a build for each platform and index, and its version is.
COPY constraints.txt constraints-image.txt ./
RUN pip install -q --no-deps --require-hashes -r constraints-image.txt
RUN pip install -q -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch
COPY pyproject.toml README.md LICENSE ./
COPY backend backend
COPY frontend frontend
RUN pip install -q --no-deps . && pip check

# Compile the measuring kernels now: the container's file system is read-only.
ENV NUMBA_CACHE_DIR=/opt/shiftscope/numba
RUN python -c "from shiftscope.probes.registry import warm_up; warm_up()"

# What the runs of a cluster need beside it: CLUSTER=1 (docker compose --profile cluster). Its versions are written down.
# It comes last, so that both images share all that is above.
ARG CLUSTER=""
RUN if [ -n "$CLUSTER" ]; then pip install -q -c constraints.txt "ray[client]" && pip check; fi \
    && pip uninstall -q -y pip setuptools


FROM ${BASE}
RUN groupadd --gid 10001 shiftscope && useradd --uid 10001 --gid shiftscope --no-create-home shiftscope \
    && install -d -o shiftscope -g shiftscope /data /data/runs /data/datasets
COPY --from=install /opt/shiftscope /opt/shiftscope
ENV PATH=/opt/shiftscope/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/opt/shiftscope/numba \
    SHIFTSCOPE_HOST=0.0.0.0 SHIFTSCOPE_PORT=8000 SHIFTSCOPE_OPEN_BROWSER=0 SHIFTSCOPE_PRINT_LINKS=0 \
    SHIFTSCOPE_DATA=/data/runs SHIFTSCOPE_DATASETS=/data/datasets
USER shiftscope
WORKDIR /data
VOLUME ["/data/runs", "/data/datasets"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/api/health', timeout=2)"]
CMD ["shiftscope", "serve"]
