"""gunicorn's settings for one machine: few processes, many threads, no limit on how long an upload may stream.

``timeout`` watches a worker's main loop, which beats on its own while threads stream for hours.
"""

import gc
import os
from pathlib import Path
from typing import Any

from infra.embedded.config import from_environ

_instance = from_environ(os.environ)

bind = (
    f"[{_instance.bind}]:{_instance.port}" if ":" in _instance.bind else f"{_instance.bind}:{_instance.port}"
)
worker_class = "infra.embedded.web_worker.Worker"
workers = int(_instance.passed.get("ROPEWALK_WEB_PROCESSES", "2"))
threads = int(_instance.passed.get("ROPEWALK_WEB_THREADS", "24"))
worker_connections = 1000
timeout = 120
graceful_timeout = 12  # below the supervisor's patience, so that gunicorn itself ends what does not end
# DVC's and MLflow's clients keep connections open between objects; closing them early costs a reconnect a file.
keepalive = 75
backlog = 1024
sendfile = False  # it would wait for ever for a client that does not read (see web_socket)
preload_app = True  # MLflow's import is paid once, and its pages of memory are shared
# A worker's heartbeat file must not wait for a busy disk.
_memory = Path("/dev/shm")  # noqa: S108  # gunicorn makes a private, unlinked file in it
worker_tmp_dir = str(_memory) if _memory.is_dir() and os.access(_memory, os.W_OK) else None
limit_request_line = 8190  # MLflow sends search filters in the query string
control_socket_disable = True
accesslog = None  # the application writes one structured line a request
errorlog = "-"
loglevel = "warning"
proc_name = "ropewalk-web"
forwarded_allow_ips = "127.0.0.1,::1"


def when_ready(_server: Any) -> None:
    """In the first process, before the workers are forked: load what they share, and hold them back until the database fits.

    Connections of impatient clients wait in the listener's queue meanwhile. What is loaded now is never garbage, so the collector
    must not touch (and thereby copy) its pages; connections opened while loading must not be shared.
    """
    from django.db import connections
    from django.urls import get_resolver

    from infra.embedded import migrated
    from ropewalk.edges.mlflow_http import runtime

    get_resolver()._populate()
    runtime.load()
    migrated.wait(_instance.home)
    connections.close_all()
    gc.collect()
    gc.freeze()
