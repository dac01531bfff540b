"""An instance on a PostgreSQL and a Valkey that a test can stop and start again, and clients of each of its edges."""

import hashlib
import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import requests
from psycopg import sql

from infra.embedded.config import read_pairs
from infra.embedded.services import Services, running_services, temporary_home
from tests.fixtures.instance import PASSWORD, Instance

README = b"# Kept\n"
MD5 = hashlib.md5(README, usedforsecurity=False).hexdigest()


class Service:
    """PostgreSQL and Valkey in a home of their own, of which the instance uses one."""

    def __init__(self, home: Path) -> None:
        self._home, self._stack = home, ExitStack()
        self.addresses: Services
        self.start()

    def start(self) -> None:
        self.addresses = self._stack.enter_context(running_services(self._home))

    def stop(self) -> None:
        self._stack.close()


class Site:
    """A running instance with one public project: a commit, a DVC object, an experiment."""

    def __init__(self, instance: Instance, database: Service, broker: Service, scratch: Path) -> None:
        self.instance, self.database, self.broker, self.scratch = instance, database, broker, scratch
        self.user, _, self.token = instance.user("ada")
        self.auth = (self.user, self.token)
        self.api = f"{instance.url}/api/v1/repos/{self.user}/kept"
        self.root = f"{instance.url}/{self.user}/kept"
        self._make()
        self.browser = requests.Session()
        self.browser.get(f"{instance.url}/accounts/login/", timeout=30)

    def _make(self) -> None:
        made = requests.post(
            f"{self.instance.url}/api/v1/user/repos",
            json={"name": "kept", "private": False},
            auth=self.auth,
            timeout=60,
        )
        made.raise_for_status()
        key = self.scratch / "key"
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(key)], check=True)
        body = {"title": "laptop", "key": key.with_suffix(".pub").read_text().strip()}
        requests.post(
            f"{self.instance.url}/api/v1/user/keys", json=body, auth=self.auth, timeout=60
        ).raise_for_status()
        self.git("init", "-q", "-b", "main", "work")
        self.commit()
        assert self.push() == ""
        assert self.dvc_put().ok and self.mlflow().ok

    # --- what clients do

    def git(self, *arguments: str, **environment: str) -> str:
        """git's standard error; empty when it went well."""
        done = subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
            cwd=self.scratch, capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C", **environment},
        )  # fmt: skip
        return done.stderr if done.returncode else ""

    def commit(self) -> str:
        """A new commit in ``work``; its name."""
        (self.scratch / "work/README.md").write_bytes(README + os.urandom(8).hex().encode())
        assert self.git("-C", "work", "add", ".") == self.git("-C", "work", "commit", "-qm", "More.") == ""
        return (self.scratch / "work/.git/refs/heads/main").read_text().strip()

    def push(self) -> str:
        return self.git("-C", "work", "push", "-q", self._clone_url(), "main")

    def clone(self) -> str:
        return self.git("clone", "-q", self._clone_url(), f"copy-{os.urandom(4).hex()}")

    def _clone_url(self) -> str:
        scheme, rest = self.root.split("://")
        return f"{scheme}://{self.user}:{self.token}@{rest}.git"

    def ssh(self) -> str:
        """A clone over SSH."""
        port = read_pairs(self.instance.home / "instance.env")["ROPEWALK_SSH_PORT"]
        command = (
            f"ssh -F none -i {self.scratch / 'key'} -o IdentitiesOnly=yes -o BatchMode=yes "
            "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        )
        url = f"ssh://git@127.0.0.1:{port}/{self.user}/kept.git"
        return self.git("clone", "-q", url, f"copy-{os.urandom(4).hex()}", GIT_SSH_COMMAND=command)

    def page(self, path: str = "/src/main") -> requests.Response:
        return requests.get(f"{self.root}{path}", headers={"Accept": "text/html"}, timeout=60)

    def api_get(self, path: str = "") -> requests.Response:
        return requests.get(f"{self.api}{path}", auth=self.auth, timeout=60)

    def jobs(self, state: str) -> list[dict[str, str]]:
        return list(self.api_get(f"/jobs?state={state}").json()["jobs"])

    def sign_in(self) -> requests.Response:
        """Sign in through the form, which was read before."""
        page = f"{self.instance.url}/accounts/login/"
        body = {"login": self.user, "password": PASSWORD, "csrfmiddlewaretoken": self.browser.cookies["csrftoken"]}  # fmt: skip
        return self.browser.post(
            page, data=body, headers={"Referer": page}, allow_redirects=False, timeout=60
        )

    def with_password(self) -> requests.Response:
        return requests.get(self.api, auth=(self.user, PASSWORD), timeout=60)

    def dvc_get(self) -> requests.Response:
        return requests.get(f"{self.root}.dvc/files/md5/{MD5[:2]}/{MD5[2:]}", timeout=60)

    def dvc_put(self) -> requests.Response:
        return requests.put(
            f"{self.root}.dvc/files/md5/{MD5[:2]}/{MD5[2:]}", data=README, auth=self.auth, timeout=60
        )

    def mlflow(self) -> requests.Response:
        url = f"{self.root}.mlflow/api/2.0/mlflow/experiments/search"
        return requests.post(url, json={"max_results": 5}, auth=self.auth, timeout=60)

    def upload_pack(self) -> requests.Response:
        return requests.get(f"{self.root}.git/info/refs?service=git-upload-pack", timeout=60)

    def http(self) -> dict[str, Callable[[], requests.Response]]:
        """One request to each edge."""
        return {
            "page": self.page, "api": self.api_get, "sign in": self.sign_in, "dvc": self.dvc_get, "dvc put": self.dvc_put,
            "mlflow": self.mlflow, "git": self.upload_pack,
        }  # fmt: skip

    # --- looking

    @contextmanager
    def asked_without_pause(self) -> Iterator[Counter[int]]:
        """Clients that ask every edge, so that each thread has connections; counts what they were answered."""
        statuses: Counter[int] = Counter()
        done = threading.Event()

        def ask(request: Callable[[], requests.Response]) -> None:
            while not done.wait(0.1):
                statuses[request().status_code] += 1

        asking = [request for name, request in self.http().items() if name != "sign in"]
        threads = [threading.Thread(target=ask, args=(request,)) for request in asking]
        for thread in threads:
            thread.start()
        try:
            yield statuses
        finally:
            done.set()
            for thread in threads:
                thread.join(60)

    @contextmanager
    def indexing_stands_still(self) -> Iterator[None]:
        """Jobs that index a commit run, and wait before they write; until the database is stopped at the latest."""
        with closing(psycopg.connect(self.database.addresses.database_url)) as connection:
            connection.execute("LOCK TABLE data_revisionindex IN EXCLUSIVE MODE")
            yield

    def job_rows(self, jobs: set[str], column: str) -> list[object]:
        """What the database says of these jobs, in one order."""
        with psycopg.connect(self.database.addresses.database_url) as connection:
            query = sql.SQL("SELECT {} FROM core_job WHERE id = ANY(%s::uuid[]) ORDER BY id")
            return [
                value for (value,) in connection.execute(query.format(sql.Identifier(column)), [list(jobs)])
            ]

    def wait_for(self, condition: Callable[[], bool], what: str, patience: float = 120.0) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"{what} within {patience:.0f} s\n{self.instance.tail(12)}"
            time.sleep(0.2)

    def defects(self) -> list[str]:
        """Lines of the log that tell of a defect where people are answered: a 500, a traceback. Celery prints its own."""
        text = self.instance.log.read_text(encoding="utf-8", errors="replace")
        found = re.finditer(
            r"^(?:web|ssh) .*(?:status=500|Internal Server Error|Traceback)", text, re.MULTILINE
        )
        return [text[match.start() : match.start() + 4000] for match in found]

    def lines(self, word: str) -> list[str]:
        """Lines of the log with a word."""
        text = self.instance.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if word in line]


@contextmanager
def running_site() -> Iterator[Site]:
    """A site on services of its own, all of it gone afterwards."""
    with ExitStack() as stack:
        first, second, home, scratch = (stack.enter_context(temporary_home()) for _ in range(4))
        scratch.mkdir(mode=0o700)
        database, broker = Service(first), Service(second)
        stack.callback(database.stop)
        stack.callback(broker.stop)
        instance = Instance(
            home, ROPEWALK_VOLATILE="1", ROPEWALK_WORKER_PROCESSES="3", DATABASE_URL=database.addresses.database_url,
            REDIS_URL=broker.addresses.redis_url,
        )  # fmt: skip
        stack.callback(instance.discard)
        instance.start()
        yield Site(instance, database, broker, scratch)
