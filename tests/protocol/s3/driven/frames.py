"""polars: tables written, read and looked for."""

import cells
import polars as pl

OPTIONS = {
    "aws_access_key_id": cells.KEY, "aws_secret_access_key": cells.SECRET, "aws_endpoint_url": cells.URL,
    "aws_region": "us-east-1", "aws_allow_http": "true",
}  # fmt: skip
PLACE = f"s3://{cells.BUCKET}/polars"
FRAME = pl.DataFrame({"a": range(100_000), "b": range(100_000)})


def put(name: str = "put.parquet") -> str:
    FRAME.write_parquet(f"{PLACE}/{name}", storage_options=OPTIONS)
    return f"{PLACE}/{name}"


def get() -> None:
    assert pl.read_parquet(put("get.parquet"), storage_options=OPTIONS).equals(FRAME)


def a_range() -> None:
    found = pl.scan_parquet(put("range.parquet"), storage_options=OPTIONS).select(pl.col("a").sum()).collect()
    assert found.item() == sum(range(100_000))


def lists() -> None:
    for name in "abc":
        put(f"list/{name}.parquet")
    found = pl.scan_parquet(f"{PLACE}/list/*.parquet", storage_options=OPTIONS).select(pl.len()).collect()
    assert found.item() == 300_000


def multipart() -> None:
    large = pl.DataFrame({"a": range(4_000_000)}).select(pl.col("a").hash())
    large.lazy().sink_parquet(f"{PLACE}/large.parquet", storage_options=OPTIONS, compression="uncompressed")
    assert pl.read_parquet(f"{PLACE}/large.parquet", storage_options=OPTIONS).equals(large)


cells.run(
    {"put": lambda: print(put()), "get": get, "range": a_range, "list v2": lists, "multipart": multipart}
)
