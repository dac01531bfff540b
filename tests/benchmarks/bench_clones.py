"""``make bench``: twenty clones of the same tip at once cost the server little more than one, thanks to the pack cache."""

import pytest

from infra.embedded.services import temporary_home
from tests.benchmarks import clones
from tests.fixtures.instance import Instance


@pytest.mark.parametrize("upkeep", [True, False], ids=["with bitmap", "without bitmap"])
def test_many_clones_at_once(upkeep: bool) -> None:
    table = {}
    for cache in ("4294967296", "0"):
        with temporary_home() as home:
            instance = Instance(home, ROPEWALK_VOLATILE="1", ROPEWALK_PACK_CACHE_BYTES=cache)
            try:
                table[cache] = clones.measure(instance.start(), upkeep=upkeep)
            finally:
                instance.stop()
    for cache, found in table.items():
        for label, cost in found.items():
            print(
                f"{'with' if cache != '0' else 'without'} the cache, {label}: {cost.wall:.2f} s, {cost.cpu:.2f} s of CPU,"
                f" {cost.bytes / 1e6:.0f} MB each"
            )
    kept, plain = table["4294967296"]["20 at once"], table["0"]["20 at once"]
    assert kept.cpu < plain.cpu, "the pack cache saves nothing"
