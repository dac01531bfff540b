"""Where the demo works and as whom."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.demo.console import DemoError

ORGANIZATION = "acme"
PROJECT = "wine"
OWNER, WRITER, READER = "demo-owner", "demo-writer", "demo-reader"
VERSIONS = ("v1", "v2", "v3")
_WORDS = "amber birch cedar delta ember fjord grove heron ivory jetty kelp larch maple north ocean pearl quartz reed".split()


@dataclass(frozen=True)
class Setting:
    """One instance and the demo's folder in its home. ``url`` has no slash at its end."""

    url: str
    home: Path
    password: str

    @property
    def folder(self) -> Path:
        """What the demo keeps between two runs: its clone, its tools, its logins."""
        return self.home / "demo"

    @property
    def clone(self) -> Path:
        """The working copy that demo-writer pushes from."""
        return self.folder / PROJECT

    @property
    def project_url(self) -> str:
        """The project's page; the protocol roots are this with a suffix."""
        return f"{self.url}/{ORGANIZATION}/{PROJECT}"

    @property
    def tools(self) -> Path:
        """The ``bin`` folder of the tool environment."""
        return self.folder / "tools" / "bin"

    def client_environ(self) -> dict[str, str]:
        """The environment of the subprocesses: the tools first, no prompt, no settings of the person who runs the demo.

        ``PYTHONDONTWRITEBYTECODE`` is left out: without compiled modules each import of scikit-learn takes seven seconds.
        """
        host = urlsplit(self.url).hostname or "127.0.0.1"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GIT_", "DVC_", "MLFLOW_", "ROPEWALK_", "PYTHON"))
            and name not in {"VIRTUAL_ENV", "DATABASE_URL", "REDIS_URL"}
        }
        return kept | {
            "HOME": str(self.folder / "user"),
            "PATH": f"{self.tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": WRITER,
            "GIT_AUTHOR_EMAIL": f"{WRITER}@example.org",
            "GIT_COMMITTER_NAME": WRITER,
            "GIT_COMMITTER_EMAIL": f"{WRITER}@example.org",
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_TRACKING_URI": f"{self.project_url}.mlflow",
            "MLFLOW_TRACKING_USERNAME": WRITER,
            "MLFLOW_TRACKING_PASSWORD": self.password,
            "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
            "OMP_NUM_THREADS": "1",
            "MPLBACKEND": "Agg",
            "NO_PROXY": f"{host},{os.environ.get('NO_PROXY', '')}",
            "PYTHONWARNINGS": "ignore",
        }


def from_environ(environ: Mapping[str, str]) -> Setting:
    """Read the launcher's two variables; the password is this home's own, made once and kept readable by its owner only."""
    url, home = environ.get("ROPEWALK_URL", "").rstrip("/"), environ.get("ROPEWALK_HOME", "")
    if not url or not home:
        raise DemoError(
            "ROPEWALK_URL and ROPEWALK_HOME are not set.",
            advice="Start the demo with `make demo`, which sets both.",
        )
    setting = Setting(url=url, home=Path(home).absolute(), password="")
    (setting.folder / "user").mkdir(parents=True, exist_ok=True)
    kept = setting.folder / "password"
    if not kept.exists():
        password = environ.get("ROPEWALK_DEMO_PASSWORD") or "-".join(
            [secrets.choice(_WORDS), secrets.choice(_WORDS), f"{secrets.randbelow(10_000):04d}"]
        )
        kept.touch(mode=0o600, exist_ok=False)
        kept.write_text(password + "\n", encoding="utf-8")
    return Setting(url=url, home=setting.home, password=kept.read_text(encoding="utf-8").strip())
