"""One row of a workspace in each of MLflow's tables, whatever columns the installed version has."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from ropewalk.tracking.removal import STEPS

# Ways that no foreign key tells: (table, column) takes its value from (table, column).
LINKS = {
    ("inputs", "source_id"): ("datasets", "dataset_uuid"),
    ("inputs", "destination_id"): ("runs", "run_uuid"),
    ("input_tags", "input_uuid"): ("inputs", "input_uuid"),
    ("entity_associations", "source_id"): ("evaluation_datasets", "dataset_id"),
    ("entity_associations", "destination_id"): ("runs", "run_uuid"),
}
FIXED = {"lifecycle_stage": "active", "status": None}
ORDER = list(dict.fromkeys(table for table, _ in reversed(STEPS)))  # parents first


def foreign_keys() -> list[tuple[str, str, str, str]]:
    """(table, column, parent table, parent column)."""
    return ask(
        """SELECT child.relname, c.attname, parent.relname, p.attname
           FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid,
           unnest(k.conkey, k.confkey) AS pair(child_number, parent_number), pg_attribute c, pg_attribute p
           WHERE k.contype = 'f' AND k.connamespace = 'mlflow'::regnamespace AND c.attrelid = child.oid
             AND c.attnum = pair.child_number AND p.attrelid = parent.oid AND p.attnum = pair.parent_number"""
    )


def ask(sql: str, *parameters: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def tables() -> set[str]:
    return {row[0] for row in ask("SELECT tablename FROM pg_tables WHERE schemaname = 'mlflow'")}


def counts() -> dict[str, int]:
    return {table: ask(f"SELECT count(*) FROM mlflow.{table}")[0][0] for table in ORDER}


def fill(workspace: str) -> None:
    """Insert the rows."""
    made: dict[tuple[str, str], Any] = {}
    links = {**LINKS, **{(child, column): (parent, key) for child, column, parent, key in foreign_keys()}}
    columns = ask(
        """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable = 'YES' OR column_default IS NOT NULL
           FROM information_schema.columns WHERE table_schema = 'mlflow' ORDER BY ordinal_position"""
    )
    for table in ORDER:
        values = {}
        for _, name, kind, length, optional in (one for one in columns if one[0] == table):
            if name == "workspace" or (table == "workspaces" and name == "name"):
                values[name] = workspace
            elif (table, name) in links:
                values[name] = made[links[table, name]]
            elif name == "experiment_id" and table != "experiments":
                values[name] = made["experiments", "experiment_id"]
            elif not optional or name == "lifecycle_stage":
                values[name] = FIXED.get(name) or sample(f"{workspace} {table} {name}", kind, length)
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join(["%s"] * len(values))
        [row] = ask(f"INSERT INTO mlflow.{table} ({names}) VALUES ({places}) RETURNING *", *values.values())
        made |= {
            (table, one[1]): value
            for one, value in zip((c for c in columns if c[0] == table), row, strict=True)
        }


def sample(seed: str, kind: str, length: int | None) -> Any:
    digest = hashlib.sha256(seed.encode()).hexdigest()
    if kind in {"character varying", "text", "character"}:
        return digest[: min(length or 32, 32)]
    if kind in {"json", "jsonb"}:
        return "{}"
    if kind == "bytea":
        return b""
    if kind == "boolean":
        return False
    if kind.startswith(("timestamp", "date")):
        return datetime.now(UTC)
    return int(digest[:6], 16)
