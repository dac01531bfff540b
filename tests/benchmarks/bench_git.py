"""``make bench``: a clone or fetch through Ropewalk costs what one from the disk costs."""

import subprocess
import sys

from infra.embedded.config import ROOT
from tests.fixtures.instance import Instance


def test_clone_and_fetch_take_the_time_of_local_ones(instance: Instance) -> None:
    user, _password, token = instance.user("bench")
    script = ROOT / "tests/benchmarks/git_clone.py"
    repositories = str(instance.home / "repos")
    done = subprocess.run(
        [sys.executable, str(script), instance.url, user, token, repositories], check=False, timeout=1500
    )
    assert done.returncode == 0, "a ratio above is over the goal"
