"""MLflow's tables in the schema ``mlflow`` of our database, made and migrated by MLflow's own migrations.

The schema's comment records the MLflow version that last migrated it, so that a repeated ``migrate`` does not import MLflow.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from sqlalchemy import Engine

SCHEMA = "mlflow"
LOCK = 7_231_554_120_881  # any constant that nobody else uses
# What of Django's connection parameters a bare psycopg connection needs.
PARAMETERS = (
    "dbname",
    "user",
    "password",
    "host",
    "port",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "passfile",
    "service",
    "connect_timeout",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
)


def wanted() -> str:
    """The mark of the installed MLflow."""
    return f"mlflow {version('mlflow')}"


def migrated(using: str = "default") -> bool:
    """Whether the installed MLflow's migrations have run in this database."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [SCHEMA]
        )
        row = cursor.fetchone()
    return row is not None and row[0] == wanted()


def make_engine(using: str = "default", **options: Any) -> "Engine":
    """A SQLAlchemy engine on Django's database that sees the schema ``mlflow`` alone. No credentials are in its URL."""
    import psycopg
    import sqlalchemy

    given = connections[using].get_connection_params()
    parameters = {name: given[name] for name in PARAMETERS if given.get(name)}

    def connect() -> "psycopg.Connection[Any]":
        return psycopg.connect(
            **parameters, options=f"-csearch_path={SCHEMA} -ctimezone=UTC", application_name="ropewalk-mlflow"
        )

    return sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, hide_parameters=True, **options)


def migrate(using: str = "default") -> bool:
    """Create or upgrade MLflow's tables; False when there was nothing to do. Safe to run by several processes at once."""
    if migrated(using):
        return False
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            if migrated(using):
                return False
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            _upgrade(using)
            cursor.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted()}'")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return True


def _upgrade(using: str) -> None:
    """Run MLflow's migrations to their head; MLflow is imported here and only here."""
    import mlflow.store.db.utils as mlflow_db
    import sqlalchemy
    from sqlalchemy.pool import NullPool

    engine = make_engine(using, poolclass=NullPool)
    try:
        if sqlalchemy.inspect(engine).has_table("experiments"):
            mlflow_db._upgrade_db(engine)
        else:
            mlflow_db._initialize_tables(engine)
    finally:
        engine.dispose()
