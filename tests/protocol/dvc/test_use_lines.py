"""The lines that a dataset's page offers are run as they stand there, after YOUR_TOKEN is filled in; they bring this version."""

import hashlib
import html
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.fixtures.instance import Instance
from tests.protocol.clients import client_python

TABLE = pd.DataFrame({"field": ["north", "south", 'the "east"'], "grown": [4.5, 3.0, 2.25]})
PATHS = (
    "data/harvest.csv",
    "data/harvest.csv.gz",
    "data/of all; fields/größe.tsv",
    "data/rows.jsonl",
    "data/harvest.parquet",
)
AUTHOR = ("-c", "user.name=F", "-c", "user.email=f@example.org")


def written(path: str, table: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    if path.endswith(".parquet"):
        table.to_parquet(sink)
    elif path.endswith(".jsonl"):
        table.to_json(sink, orient="records", lines=True)
    else:
        table.to_csv(
            sink,
            index=False,
            sep="\t" if ".tsv" in path else ",",
            compression={"method": "gzip", "mtime": 1} if path.endswith(".gz") else None,
        )
    return sink.getvalue()


@dataclass(frozen=True)
class Place:
    """A project with two versions of each table, and somebody who may read it."""

    url: str
    path: str
    visibility: str
    token: str
    older: str

    def lines(self, path: str) -> dict[str, str]:
        """What the page of the older version offers, by its id, with the token filled in."""
        address = f"{self.url}{self.path}/data/{self.older}/{urllib.parse.quote(path)}"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = answer.read().decode()
        found = re.findall(r'<pre id="(use-\w+)"[^>]*>(.*?)</pre>', page, re.DOTALL)
        assert found, page
        shown = {name: html.unescape(text) for name, text in found}
        assert any("YOUR_TOKEN" in text for text in shown.values()) == (self.visibility == "private")
        return {name: text.replace("YOUR_TOKEN", self.token) for name, text in shown.items()}


@pytest.fixture(scope="module", params=["private", "public"])
def place(
    request: pytest.FixtureRequest, instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    visibility, (username, _, token) = request.param, instance.user("line-runner")
    body = {"name": f"lines-{visibility}", "private": visibility == "private", "auto_init": True, "dvc": True}
    asked = urllib.request.Request(
        f"{instance.url}/api/v1/user/repos",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        project = json.load(answer)
    folder = tmp_path_factory.mktemp("lines") / "copy"
    run(
        folder.parent,
        "git",
        "clone",
        "-q",
        project["clone_url"].replace("://", f"://{username}:{token}@"),
        str(folder),
    )
    dvc = str(client_python("dvc").with_name("dvc"))
    for key, value in (("auth", "basic"), ("user", username), ("password", token)):
        run(folder, dvc, "remote", "modify", "--local", "origin", key, value)
    commits = []
    for table in (TABLE, TABLE.head(1)):
        for path in PATHS:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(written(path, table))
        run(folder, dvc, "add", "-q", *PATHS)
        run(folder, dvc, "push", "-q")
        run(folder, "git", "add", "-A")
        run(folder, "git", *AUTHOR, "commit", "-q", "-m", "Measure")
        commits.append(run(folder, "git", "rev-parse", "HEAD").strip())
    run(folder, "git", "push", "-q", "origin", "HEAD")
    indexed(f"{instance.url}/{username}/lines-{visibility}/data/{commits[0]}/{PATHS[0]}", token)
    return Place(instance.url, f"/{username}/lines-{visibility}", visibility, token, commits[0])


def indexed(address: str, token: str, patience: float = 120) -> None:
    """Wait until a worker has read the commits."""
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    deadline = time.monotonic() + patience
    while True:
        try:
            return urllib.request.urlopen(request, timeout=60).close()
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def run(folder: Path, *arguments: str, home: Path | None = None, **more: str) -> str:
    environment = {
        **os.environ,
        "HOME": str(home or folder.parent),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str((home or folder.parent) / "site"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        **more,
    }
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("path", PATHS)
def test_python_reads_this_version(place: Place, path: str, tmp_path: Path) -> None:
    text = place.lines(path)["use-python"]
    said = run(tmp_path, sys.executable, "-c", f"{text}\nprint(table.to_json(orient='split', index=False))")
    assert json.loads(said) == json.loads(TABLE.to_json(orient="split", index=False))


@pytest.mark.parametrize("path", PATHS)
def test_curl_brings_the_bytes(place: Place, path: str, tmp_path: Path) -> None:
    run(tmp_path, "bash", "-ec", place.lines(path)["use-curl"])
    (brought,) = tmp_path.iterdir()
    assert brought.name == path.rpartition("/")[2]
    assert hashlib.md5(brought.read_bytes()).digest() == hashlib.md5(written(path, TABLE)).digest()
