"""Files that are made to hurt, on both sides of a comparison: every page answers, every job ends with a result or in words."""

import json
import re
from collections.abc import Callable

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data.types import COMPARE_FILES
from ropewalk.projects.models import Project
from tests.fixtures.malice import bombs
from tests.integration.monitors.repository import Repository

Work = Callable[[], list[Job]]
MIB = 1 << 20
_COMPARED = (".csv", ".gz", ".png", ".ipynb", ".parquet", ".svg", ".py", ".json", ".yaml", ".md")


def loud(mark: str, size: int) -> bytes:
    """A notebook whose only cell wrote so many bytes, in lines."""
    line = f"{mark} step 123456789 loss 0.123456789 accuracy 0.987654321\n"
    output = {"output_type": "stream", "name": "stdout", "text": [line] * (size // len(line))}
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": mark, "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def both_versions() -> tuple[dict[str, bytes], dict[str, bytes]]:
    new = {name: content for name, content in bombs().items() if name.endswith(_COMPARED)}
    old = {name: content + b"~" for name, content in new.items()}
    # Much more than the page may hold; and more than is read. One side of that is enough, and git takes seconds for each.
    return old | {"loud.ipynb": loud("old", 9 * MIB)}, new | {
        "loud.ipynb": loud("new", 9 * MIB),
        "louder.ipynb": loud("new", 33 * MIB),
    }


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def test_bombs_on_both_sides(
    client: Client, url: str, project: Project, repository: Repository, work: Work
) -> None:
    client.force_login(project.owner.user)
    old, new = both_versions()
    first, second = repository.commit(old), repository.commit(new)  # type: ignore[arg-type]
    addresses = {name: f"{url}/diff/{first}/{second}/{name}" for name in new}
    for name, address in addresses.items():
        for query in ({"fragment": "1"}, {"fragment": "1", "as": "text"}):
            assert client.get(address, query).status_code == 200, (name, query)
    assert client.get(f"{url}/compare/{first}..{second}").status_code == 200
    ended = {
        str(job.payload["sides"][1]["path"]): job.error_code or job.state
        for job in work()
        if job.kind == COMPARE_FILES.name
    }
    assert "internal_error" not in ended.values(), ended
    expected = {
        "bomb.png": "too_many_pixels",
        "deep.ipynb": "not_a_notebook",
        "liar.parquet": "damaged_file",
        "thousands.csv": "too_many_columns",
        "loud.ipynb": "succeeded",
    }
    assert {name: ended[name] for name in expected} == expected
    for name, address in addresses.items():
        answer = client.get(address, {"fragment": "1"})
        assert answer.status_code == 200 and len(answer.content) < 4 * MIB, name
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))
        assert "Waiting for a worker" not in text and len(text) > 20, name
        if ended.get(name, "succeeded") != "succeeded":
            assert "This could not be computed." in text, name
    assert (
        "is larger than 32.0 MiB" in client.get(addresses["louder.ipynb"], {"fragment": "1"}).content.decode()
    )
