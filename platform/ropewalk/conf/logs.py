"""Structured logs: one line an event, as text for people or JSON for machines, each with the request's or job's id."""

from typing import Any

import structlog

# Libraries that tell of every step. Celery's would be several lines a minute for beat and the sweeps; jobs log for themselves.
_CHATTY = (
    "django.server",
    "botocore",
    "alembic",
    "celery.beat",
    "celery.worker.strategy",
    "celery.app.trace",
)
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configuration(log_format: str, level: str) -> dict[str, Any]:
    """The ``LOGGING`` dictionary; ``log_format`` is ``text`` or ``json``. Also configures structlog itself."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in _CHATTY},
            # It writes a traceback for each request that an outage meets; core.outages tells of those.
            "mlflow.store.db.utils": {"level": "CRITICAL"},
        },
    }
