"""The triggers that note what comes and goes, for the migrations of the rooms whose tables name bytes.

One row for each statement, whatever it did to how many rows: an upload, a fork's hundred thousand references, a purge. A trigger
and not the services, because a sum that one forgotten path leaves wrong stays wrong.
"""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION {table}_storage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO quotas_storagechange (project_id, kind, holder_id, size, count)
        SELECT project_id, {kind}, {holder}, sum(size), count(*) FROM come GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO quotas_storagechange (project_id, kind, holder_id, size, count)
        SELECT project_id, {kind}, {holder}, -sum(size), -count(*) FROM gone GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO quotas_storagechange (project_id, kind, holder_id, size, count)
        SELECT project_id, kind, holder, sum(size), sum(count) FROM (
            SELECT project_id, {kind} AS kind, {holder} AS holder, size, 1 AS count FROM come
            UNION ALL SELECT project_id, {kind}, {holder}, -size, -1 FROM gone) moved
        GROUP BY 1, 2, 3 HAVING sum(size) <> 0 OR sum(count) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_came AFTER INSERT ON {table} REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_storage();
CREATE TRIGGER {table}_went AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_storage();
CREATE TRIGGER {table}_moved AFTER UPDATE ON {table} REFERENCING OLD TABLE AS gone NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_storage();
INSERT INTO quotas_storagetotal (project_id, kind, holder_id, size, count)
    SELECT project_id, {kind}, {holder}, sum(size), count(*) FROM {table} GROUP BY 1, 2, 3;
"""
_BACK = """
DROP TRIGGER {table}_came ON {table};
DROP TRIGGER {table}_went ON {table};
DROP TRIGGER {table}_moved ON {table};
DROP FUNCTION {table}_storage();
DELETE FROM quotas_storagechange; DELETE FROM quotas_storagetotal;
"""


def counted(table: str, *, kind: str, holder: str = "0::bigint") -> migrations.RunSQL:
    """Count a table with ``project_id`` and ``size`` from now on, and what it has now; ``kind`` and ``holder`` are SQL.

    The triggers come first: creating one waits for running writes, so that the sum misses nothing and counts nothing twice.
    """
    return migrations.RunSQL(
        _FUNCTION.format(table=table, kind=kind, holder=holder), _BACK.format(table=table)
    )
