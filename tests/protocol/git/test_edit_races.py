"""An edit on the pages races a push over HTTP and SSH: both are told the truth, and what was acknowledged stays."""

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from tests.protocol.git.conftest import Git, Ssh, Stage
from tests.protocol.git.test_faults import eventually
from tests.protocol.git.test_races import EDGES, MAIN, check, told


class Editor:
    """The writer at a page, with a session and its token against forgery."""

    def __init__(self, stage: Stage, slug: str) -> None:
        self.stage, self.slug = stage, slug
        self.address = f"{stage.instance.url}/git-owner/{slug}/edit/main"
        self.browser = requests.Session()
        self.browser.auth = ("git-writer", stage.tokens["git-writer"])

    def open(self, path: str) -> dict[str, str]:
        """The form of a file as it is now."""
        page = self.browser.get(f"{self.address}/{path}", timeout=60)
        assert page.status_code == 200, page.text[:2000]
        fields = {}
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', page.text):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name:
                fields[name[1]] = unescape(value[1]) if value else ""
        return fields | {"path": path, "where": "same"}

    def send(self, form: dict[str, str], text: str) -> requests.Response:
        """Commit the file with this text."""
        address = f"{self.address}/{form['path']}"
        headers = {"Referer": address, "X-CSRFToken": self.browser.cookies["csrftoken"]}
        return self.browser.post(
            address, data=form | {"text": text}, headers=headers, allow_redirects=False, timeout=60
        )


class Race:
    """A project with two files, an editor, and a clone whose pushes stand still once they have seen the branch."""

    def __init__(self, stage: Stage, ssh: Ssh, git: Git, clone: Git, edge: str) -> None:
        self.stage, self.clone, self.signals = stage, clone, git.folder
        self.slug = stage.project()
        git.commit("page.md", "# Page\n")
        git.run("push", "-q", stage.url(self.slug, "writer"), "main")
        self.editor = Editor(stage, self.slug)
        self.url, self.env = (
            (stage.url(self.slug, "writer"), {})
            if edge == "http"
            else (ssh.url(self.slug), ssh.env("writer"))
        )
        clone.run("clone", "-q", self.url, ".", **self.env)
        # git calls this hook when it has the server's refs and before it sends.
        hook = clone.folder / ".git/hooks/pre-push"
        hook.write_text(
            '#!/bin/sh\n[ -n "$GO" ] || exit 0\n: >"$SEEN"\nwhile [ ! -e "$GO" ]; do sleep 0.01; done\n'
        )
        hook.chmod(0o755)

    @property
    def tip(self) -> str:
        """Where the server's branch is."""
        return self.stage.refs(self.slug)[MAIN]

    def held_push(self, name: str) -> tuple["subprocess.Popen[bytes]", Path]:
        """A push that has seen the branch, and the file at whose sight it goes on."""
        go, seen = self.signals / f"go-{name}", self.signals / f"seen-{name}"
        pushing = self.clone.start("push", self.url, "HEAD:main", GO=str(go), SEEN=str(seen), **self.env)
        assert eventually(seen.exists)
        return pushing, go

    def push_again(self) -> None:
        """As a person does who was told that somebody was faster."""
        self.clone.run("pull", "-q", "--rebase", self.url, "main", **self.env)
        self.clone.run("push", "-q", self.url, "HEAD:main", **self.env)

    def history(self) -> list[str]:
        """The commits of the server's branch."""
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "rev-list", "main"],
            cwd=self.stage.repository(self.slug), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    def text(self, path: str) -> str:
        """A file as the branch has it."""
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "show", f"main:{path}"],
            cwd=self.stage.repository(self.slug), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout


@pytest.fixture(params=EDGES)
def race(
    stage: Stage, ssh: Ssh, git: Git, folder: Callable[[str], Git], request: pytest.FixtureRequest
) -> Iterator[Race]:
    race = Race(stage, ssh, git, folder("clone"), request.param)
    yield race
    check(stage, race.slug)


def test_an_edit_overtakes_a_push(race: Race) -> None:
    pushed = race.clone.commit("other.bin", os.urandom(50_000))
    pushing, go = race.held_push("one")
    assert race.editor.send(race.editor.open("page.md"), "# Edited\n").status_code == 302
    edited = race.tip
    go.touch()
    said = pushing.communicate(timeout=60)[0].decode()
    assert pushing.returncode != 0 and "! [remote rejected] HEAD -> main" in said
    assert race.tip == edited and race.text("page.md") == "# Edited\n"
    assert told(race.stage.pushes(race.slug), edited) == 1 and told(race.stage.pushes(race.slug), pushed) == 0
    race.push_again()
    assert edited in race.history() and race.text("page.md") == "# Edited\n"


def test_a_push_overtakes_an_edit_of_the_same_file(race: Race) -> None:
    form = race.editor.open("page.md")
    pushed = race.clone.commit("page.md", "# Pushed\n")
    race.clone.run("push", "-q", race.url, "HEAD:main", **race.env)
    answer = race.editor.send(form, "# Edited & kept\n")
    assert answer.status_code == 409 and "# Edited &amp; kept" in answer.text
    assert race.tip == pushed and race.text("page.md") == "# Pushed\n"


def test_a_push_overtakes_an_edit_of_another_file(race: Race) -> None:
    form = race.editor.open("page.md")
    pushed = race.clone.commit("other.bin", os.urandom(50_000))
    race.clone.run("push", "-q", race.url, "HEAD:main", **race.env)
    assert race.editor.send(form, "# Edited\n").status_code == 302
    assert race.history()[1] == pushed and race.text("page.md") == "# Edited\n"


def test_both_go_at_once(race: Race) -> None:
    """Who comes first is open; whoever was told that it went well is in the branch, whoever was not is not."""
    for turn in range(6):
        race.clone.run("pull", "-q", "--rebase", race.url, "main", **race.env)
        pushed = race.clone.commit(f"{turn}.bin", os.urandom(20_000))
        form, before = race.editor.open("page.md"), race.history()
        pushing, go = race.held_push(str(turn))
        sent: list[int] = []
        editing = threading.Thread(
            target=lambda t=turn, f=form, s=sent: s.append(race.editor.send(f, f"# Turn {t}\n").status_code)  # type: ignore[misc]
        )
        editing.start()
        go.touch()
        said = pushing.communicate(timeout=60)[0].decode()
        editing.join(60)
        assert sent == [302], "an edit of another file than the push's has no conflict, it stands in line"
        assert race.text("page.md") == f"# Turn {turn}\n"
        new = [sha for sha in race.history() if sha not in before]
        assert (pushed in new) == (pushing.returncode == 0), said
        assert len(new) == 1 + (pushing.returncode == 0) and race.history()[len(new) :] == before
        if pushing.returncode:
            assert "! [remote rejected] HEAD -> main" in said or "(fetch first)" in said
            race.push_again()
        assert [told(race.stage.pushes(race.slug), sha) for sha in new] == [1] * len(new)
