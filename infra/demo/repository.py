"""The code and the data: three commits, each with its pipeline really run, pushed with git and dvc."""

import datetime as dt
import shutil
from pathlib import Path

from infra.demo.console import run, say, step
from infra.demo.setting import VERSIONS, WRITER, Setting

TEMPLATE = Path(__file__).with_name("wine")
_DAYS_AGO = {"v1": 24, "v2": 11, "v3": 2}
_MESSAGES = {
    "v1": "Tell the cultivar from seven measurements\n\nFirst sheet (harvest 2023), a linear model, a DVC pipeline.",
    "v2": "Use the harvest of 2024 and tune boosting\n\nMore bottles, five more measurements, deeper trees.",
    "v3": "Take in the harvest of 2025\n\nA hot year, and a third laboratory that leaves proline out now and then.",
}


class Repository:
    """demo-writer's clone. Every method may be repeated: what is there already is left as it is."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.clone = setting.clone
        self.remote = f"{setting.project_url}.git"
        self._environ = setting.client_environ()

    def put_there(self) -> None:
        """Make what is missing of the three versions and push it."""
        if self._remote_tags() == set(VERSIONS) and self.clone.exists():
            say("✓ code and data are there already")
            return
        self._prepare_clone()
        for version in VERSIONS:
            if version not in self._git("tag").split():
                with step(f"version {version}: write the data, run the pipeline (dvc repro), commit"):
                    self._build(version)
        with step("dvc push of the three versions"):
            self._dvc("push", "--quiet", "--all-tags", what="dvc push")
        with step("git push"):
            self._git("push", "--quiet", "origin", "main", *VERSIONS)

    def commit_of(self, version: str) -> str:
        """The full hash of a version's commit."""
        return self._git("rev-parse", f"{version}^{{commit}}").strip()

    def commit_times(self) -> dict[str, int]:
        """Seconds since the epoch of each version's commit."""
        return {version: int(self._git("log", "-1", "--format=%ct", version)) for version in VERSIONS}

    def _remote_tags(self) -> set[str]:
        listed = run(["git", "-c", f"credential.helper={self._helper()}", "ls-remote", "--tags", "--refs", self._address()],
                     cwd=self.setting.folder, environ=self._environ, what="git ls-remote")  # fmt: skip
        return {line.rsplit("/", 1)[1] for line in listed.splitlines() if "refs/tags/" in line} & set(
            VERSIONS
        )

    def _address(self) -> str:
        scheme, rest = self.remote.split("://", 1)
        return f"{scheme}://{WRITER}@{rest}"

    def _helper(self) -> str:
        """Git asks this for the password, which therefore stands in no command line and no configuration file."""
        return f"!f() {{ echo password=$(cat '{self.setting.folder / 'password'}'); }}; f"

    def _prepare_clone(self) -> None:
        if not (self.clone / ".git").exists():
            shutil.rmtree(self.clone, ignore_errors=True)
            with step("git clone"):
                self._git("clone", "--quiet", "-c", f"credential.helper={self._helper()}", self._address(), str(self.clone),
                          cwd=self.setting.folder)  # fmt: skip
                self._git("symbolic-ref", "HEAD", "refs/heads/main")
        self._git("config", "credential.helper", self._helper())
        self._git("config", "remote.origin.url", self._address())
        if (self.clone / ".dvc" / "config").exists():
            self._git("reset", "--quiet", "--hard")  # half of a version that was interrupted
            self._set_credentials()

    def _build(self, version: str) -> None:
        if version == "v1":
            self._start_dvc()
        shutil.copytree(TEMPLATE / version, self.clone, dirs_exist_ok=True)
        self._tool("python", "src/harvest.py", what="Writing the data")
        self._tool("python", "src/labels.py", what="Drawing the labels")
        self._dvc("add", "--quiet", "data/wine.csv", "data/labels", what="dvc add")
        self._dvc("repro", what="dvc repro")
        stamp = (dt.datetime.now(dt.UTC) - dt.timedelta(days=_DAYS_AGO[version])).replace(
            hour=9, minute=12, second=40
        )
        dated = {"GIT_AUTHOR_DATE": stamp.isoformat(), "GIT_COMMITTER_DATE": stamp.isoformat()}
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "-m", _MESSAGES[version], extra=dated)
        self._git("tag", "-a", version, "-m", _MESSAGES[version].splitlines()[0], extra=dated)

    def _start_dvc(self) -> None:
        if not (self.clone / ".dvc").exists():
            self._dvc("init", "--quiet", what="dvc init")
        address = f"{self.setting.project_url}.dvc"
        self._dvc(
            "remote", "add", "--quiet", "--force", "--default", "origin", address, what="dvc remote add"
        )
        self._set_credentials()

    def _set_credentials(self) -> None:
        """What three `dvc remote modify --local` write, in a file that git ignores; each would take DVC's start of seconds."""
        local = self.clone / ".dvc" / "config.local"
        local.touch(mode=0o600)
        lines = [
            "['remote \"origin\"']",
            "auth = basic",
            f"user = {WRITER}",
            f"password = {self.setting.password}",
        ]
        local.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _tool(self, *command: str, what: str) -> str:
        program = str(self.setting.tools / command[0])
        return run([program, *command[1:]], cwd=self.clone, environ=self._environ, what=what)

    def _dvc(self, *arguments: str, what: str) -> str:
        return self._tool("dvc", *arguments, what=what)

    def _git(self, *arguments: str, cwd: Path | None = None, extra: dict[str, str] | None = None) -> str:
        environ = self._environ | (extra or {})
        return run(["git", *arguments], cwd=cwd or self.clone, environ=environ, what=f"git {arguments[0]}")
