"""``/<owner>/<project>.mlflow/``: MLflow's own server app behind our gate, one MLflow workspace for each project.

MLflow costs hundreds of megabytes and seconds to import. Nothing here imports it until the first request of the edge, or
:func:`preload`, which a server calls before it forks its workers; commands and Celery workers never do.
"""


def preload() -> None:
    """Import MLflow's server now, without opening a connection, so that forked workers share its memory."""
    from ropewalk.edges.mlflow_http import runtime

    runtime.load()
