"""A bucket's pages against the plain reading of S3's rules over a whole list."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from ropewalk.edges.s3_http.pages import Listed, read_page, read_token, token_of

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_KEY = st.text("ab/-", min_size=1, max_size=6)


def expected(keys: list[str], prefix: str, delimiter: str, after: str) -> list[str]:
    """What a whole listing names, in order."""
    shown = []
    for key in sorted(keys):
        if not key.startswith(prefix):
            continue
        head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        name = prefix + head + found if found else key
        if name > after and not (found and after.startswith(name)) and name not in shown:
            shown.append(name)
    return shown


@given(
    keys=st.lists(_KEY, unique=True, max_size=30),
    prefix=st.text("ab/", max_size=3),
    delimiter=st.sampled_from(["", "/", "a", "-"]),
    most=st.integers(1, 5),
)
@example(keys=["a/b", "a/c", "b"], prefix="", delimiter="/", most=1)
def test_all_pages_together_are_the_whole(keys: list[str], prefix: str, delimiter: str, most: int) -> None:
    fetched = 0

    def fetch(prefix: str, after: str, limit: int) -> list[Listed]:
        nonlocal fetched
        fetched += 1
        found = [key for key in sorted(keys) if key.startswith(prefix) and key > after]
        return [Listed(key, 1, "e", WHEN) for key in found[:limit]]

    seen: list[str] = []
    after = ""
    while True:
        page = read_page(fetch, prefix=prefix, delimiter=delimiter, after=after, most=most)
        seen += sorted([item.key for item in page.objects] + page.prefixes)
        assert len(page.objects) + len(page.prefixes) <= most
        if not page.truncated:
            break
        assert len(page.objects) + len(page.prefixes) == most
        after = read_token(token_of(page.last))
    assert seen == expected(keys, prefix, delimiter, "")
    assert fetched <= 2 * len(seen) + 2
