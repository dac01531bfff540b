"""The processes of a parallel test run share a PostgreSQL and a Valkey, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from infra.embedded.config import ROOT

PROBE = """
import os
from pathlib import Path
from django.conf import settings

def test_where_this_process_works():
    assert settings.SECRET_KEY and settings.STATIC_ROOT.is_dir()
    assert settings.REPOSITORIES_ROOT.parent == settings.OBJECTS_ROOT.parent == settings.ROPEWALK_HOME
    known = Path(__file__).with_name(os.environ["PYTEST_XDIST_WORKER"])
    known.write_text(f"{settings.ROPEWALK_HOME} {settings.REDIS_URL}")
"""


def test_each_process_has_a_home_and_a_cache_of_its_own(tmp_path: Path) -> None:
    probe = tmp_path / "test_probe.py"
    probe.write_text(PROBE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT,
            "-p", "no:cacheprovider", "--tx", "2*popen", "--dist", "each", probe,
        ],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    homes, caches = zip(*((tmp_path / name).read_text().split() for name in ("gw0", "gw1")), strict=True)
    assert len(set(homes)) == len(set(caches)) == 2
    assert not any(Path(home).exists() for home in homes), "the homes go with the run"
