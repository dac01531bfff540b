"""A cast of people and projects on the running instance, and a real git that knows nothing of this machine's settings."""

import json
import os
import shlex
import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from infra.embedded.config import read_pairs
from tests.fixtures.instance import Instance

SPARE = 120
CAST = (
    f"SPARE = {SPARE}\n"
    """
import json
from tests.factories import builders as b
owner, writer, reader, stranger = (b.make_user("git-" + n) for n in ("owner", "writer", "reader", "stranger"))
tokens = {u.username: b.make_token(u) for u in (owner, writer, reader, stranger)}
tokens["git-owner-readonly"] = b.make_token(owner, "read")
ids = {}
for slug, visibility in (("public", "public"), ("internal", "internal"), ("private", "private")):
    project = b.make_project(slug, owner=owner, visibility=visibility)
    b.make_collaborator(project, "writer", writer)
    b.make_collaborator(project, "reader", reader)
    ids[slug] = project.pk
for number in range(SPARE):
    project = b.make_project(f"spare-{number}", owner=owner, visibility="public")
    b.make_collaborator(project, "writer", writer)
    ids[project.slug] = project.pk
print("CAST" + json.dumps({"tokens": tokens, "ids": ids}))
"""
)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Recorded:
    """A row of the table of pushes."""

    pusher: str | None
    updates: list[dict[str, Any]]
    repaired: bool


class Git:
    """git in a folder of its own. ``config`` is given to every command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Tess", "GIT_AUTHOR_EMAIL": "tess@example.org",
            "GIT_COMMITTER_NAME": "Tess", "GIT_COMMITTER_EMAIL": "tess@example.org",
        }  # fmt: skip

    def start(self, *args: str, **env: str) -> "subprocess.Popen[bytes]":
        """git running by itself, the leader of its own group, so that a test can kill all of it."""
        return subprocess.Popen(
            ["git", *args],
            cwd=self.folder,
            env={**self.environment, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, *args: str, ok: bool = True, stdin: bytes | None = None, **env: str) -> Done:
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env={**self.environment, **env},
            capture_output=True,
            input=stdin,
            timeout=300,
            check=False,
        )
        result = Done(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )
        assert not ok or result.code == 0, f"git {' '.join(args)}\n{result.out}\n{result.err}"
        return result

    def commit(
        self, path: str = "file.txt", content: bytes | str | None = None, message: str = "A change"
    ) -> str:
        """Write a file, commit it, give the commit's name."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = os.urandom(12).hex() if content is None else content
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        self.run("add", "-A")
        self.run("commit", "-q", "-m", message)
        return self.run("rev-parse", "HEAD").out.strip()


class Stage:
    """The instance with its cast."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        text = instance.manage("shell", "-c", CAST)
        cast = json.loads(next(line for line in text.splitlines() if line.startswith("CAST"))[4:])
        self.tokens: dict[str, str] = cast["tokens"]
        self.ids: dict[str, int] = cast["ids"]
        self._spare = iter([slug for slug in self.ids if slug.startswith("spare-")])

    def url(self, project: str, who: str = "", suffix: str = ".git") -> str:
        """The clone address with somebody's credentials in it; nobody's without ``who``."""
        scheme, rest = self.instance.url.split("://")
        user = f"git-{who}:{self.tokens[f'git-{who}']}@" if who else ""
        return f"{scheme}://{user}{rest}/git-owner/{quote(project)}{suffix}"

    def project(self) -> str:
        """A public project that nobody used yet, the owner's, where the writer may write; gives its slug."""
        return next(self._spare)

    def archive(self, slug: str) -> None:
        """Archive a project."""
        self._query("UPDATE projects_project SET archived_at = now() WHERE id = %s RETURNING id", slug)

    def _query(self, sql: str, slug: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(read_pairs(self.instance.home / "instance.env")["DATABASE_URL"]) as connection:
            return connection.execute(sql, [self.ids[slug]]).fetchall()

    def repository(self, slug: str) -> Path:
        """Where the server keeps it."""
        return self.instance.home / "repos" / f"{self.ids[slug]}.git"

    def pushes(self, slug: str) -> list[Recorded]:
        """The recorded pushes, oldest first."""
        sql = """SELECT u.username, p.updates, p.repaired FROM repos_push p LEFT JOIN accounts_user u ON u.id = p.pusher_id
                 WHERE p.project_id = %s ORDER BY p.id"""
        return [Recorded(*row) for row in self._query(sql, slug)]

    def jobs(self, slug: str, kind: str) -> list[str]:
        """What the project's jobs of a kind were asked about, oldest first."""
        sql = (
            f"SELECT fingerprint FROM core_job WHERE project_id = %s AND kind = '{kind}' ORDER BY created_at"
        )
        return [row[0] for row in self._query(sql, slug)]

    def recorded_refs(self, slug: str) -> dict[str, str]:
        """The refs as the database knows them."""
        return dict(self._query("SELECT name, sha FROM repos_recordedref WHERE project_id = %s", slug))  # type: ignore[arg-type]

    def refs(self, slug: str) -> dict[str, str]:
        """The refs as they are on the server's disk, but for those that only the server sees."""
        if not self.repository(slug).is_dir():
            return {}
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "for-each-ref", "--format=%(refname) %(objectname)"],
            cwd=self.repository(slug),
            capture_output=True,
            check=True,
        )
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return dict(line.split(" ", 1) for line in lines if not line.startswith("refs/ropewalk/"))

    def project_row(self, slug: str, sql: str) -> list[tuple[Any, ...]]:
        """Ask or change something of a project; ``%s`` is its id."""
        return self._query(sql, slug)


class Ssh:
    """OpenSSH's client with a key for each of the cast, and nothing of this machine's own configuration."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        pairs = read_pairs(stage.instance.home / "instance.env")
        self.port = int(pairs["ROPEWALK_SSH_PORT"])
        host = (stage.instance.home / "ssh/host_ed25519.pub").read_text()
        self.known = folder / "known_hosts"
        self.known.write_text(f"[127.0.0.1]:{self.port} {host}")
        for name in ("owner", "writer", "reader", "stranger"):
            self.add(name, self.make_key(name))
        self.make_key("nobody")

    def make_key(self, name: str, *options: str) -> str:
        """A new pair of keys; its public half."""
        path = self.folder / name
        command = [
            "ssh-keygen",
            "-q",
            "-N",
            "",
            "-C",
            f"{name}@laptop",
            "-f",
            str(path),
            *(options or ("-t", "ed25519")),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return path.with_suffix(".pub").read_text().strip()

    def add(self, who: str, key: str, **more: object) -> dict[str, Any]:
        """Give somebody a key through the API; what it answers."""
        body = json.dumps({"key": key, **more}).encode()
        return json.loads(self.api(who, "POST", "/api/v1/user/keys", body))

    def api(self, who: str, method: str, path: str, body: bytes | None = None) -> bytes:
        """Ask the API as somebody."""
        headers = {
            "Authorization": f"Bearer {self.stage.tokens[f'git-{who}']}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(f"{self.stage.instance.url}{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def command(self, who: str, *options: str) -> list[str]:
        """``ssh`` as somebody, without a host."""
        return [
            "ssh", "-F", "/dev/null", "-i", str(self.folder / who), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
            "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={self.known}", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=yes", "-p", str(self.port), *options,
        ]  # fmt: skip

    def run(self, who: str, *words: str, options: tuple[str, ...] = (), stdin: bytes | None = None) -> Done:
        """Run a command on the server."""
        line = [*self.command(who, *options), "git@127.0.0.1", *words]
        done = subprocess.run(line, capture_output=True, input=stdin, timeout=120, check=False)
        return Done(
            done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )

    def env(self, who: str, *options: str) -> dict[str, str]:
        """What git needs to use it."""
        return {"GIT_SSH_COMMAND": shlex.join(self.command(who, *options))}

    def url(self, slug: str) -> str:
        """Where git finds a project over SSH."""
        return f"ssh://git@127.0.0.1:{self.port}/git-owner/{slug}.git"


@pytest.fixture(scope="session")
def stage(instance: Instance) -> Stage:
    return Stage(instance)


@pytest.fixture(scope="session")
def ssh(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Ssh:
    return Ssh(stage, tmp_path_factory.mktemp("ssh"))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A fresh local repository on ``main`` with one commit."""
    local = Git(tmp_path / "local")
    local.run("init", "-q", "-b", "main")
    local.commit("README.md", "# Hello\n", "Begin")
    return local


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Git]:
    """Other folders to run git in."""
    return lambda name: Git(tmp_path / name)
