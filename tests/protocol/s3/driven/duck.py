"""DuckDB with its extension httpfs, which a wheel brings: nothing is downloaded when it runs."""

from pathlib import Path

import cells
import duckdb
import duckdb_ext

PLACE = f"s3://{cells.BUCKET}/duck"
[extension] = Path(next(iter(duckdb_ext.__path__))).rglob("httpfs.duckdb_extension")
database = duckdb.connect()
database.load_extension(str(extension))
database.execute(
    f"CREATE SECRET (TYPE s3, KEY_ID '{cells.KEY}', SECRET '{cells.SECRET}', ENDPOINT '{cells.URL.removeprefix('http://')}',"
    " USE_SSL false, URL_STYLE 'path', REGION 'us-east-1')"
)


def one(query: str) -> object:
    (value,) = database.execute(query).fetchone()
    return value


def put(name: str = "put.parquet", rows: int = 1000) -> str:
    database.execute(f"COPY (SELECT range a, hash(range) b FROM range({rows})) TO '{PLACE}/{name}'")
    return f"{PLACE}/{name}"


def get() -> None:
    assert one(f"SELECT size FROM read_blob('{put('get.parquet')}')") > 1000


def a_range() -> None:
    assert one(f"SELECT sum(a) FROM '{put('range.parquet', 500_000)}'") == sum(range(500_000))


def lists() -> None:
    names = [put(f"list/{name}.parquet") for name in "abc"]
    assert [row[0] for row in database.execute(f"FROM glob('{PLACE}/list/*') ORDER BY 1").fetchall()] == names
    assert one(f"SELECT count(*) FROM '{PLACE}/list/*.parquet'") == 3000


def multipart() -> None:
    assert one(f"SELECT count(DISTINCT b) FROM '{put('large.parquet', 2_000_000)}'") == 2_000_000


cells.run(
    {"put": lambda: print(put()), "get": get, "range": a_range, "list v2": lists, "multipart": multipart}
)
