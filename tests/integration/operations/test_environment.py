"""infra/env.example tells of every variable, with the defaults that are really used."""

import re
from pathlib import Path

from infra.embedded.config import ROOT
from ropewalk.conf import env

_VARIABLE = re.compile(r"""["'](ROPEWALK_[A-Z0-9_]+|DATABASE_URL|REDIS_URL)["']""")
# Between the launcher and its own programs, and of the tests.
_INTERNAL = {"ROPEWALK_CHILD", "ROPEWALK_THEN", "ROPEWALK_VOLATILE"}


def _read() -> set[str]:
    sources = [ROOT / "platform/ropewalk/conf/env.py", *(ROOT / "infra/embedded").glob("*.py")]
    return {name for path in sources for name in _VARIABLE.findall(path.read_text())} - _INTERNAL


def _example() -> dict[str, str]:
    lines = (ROOT / "infra/env.example").read_text().splitlines()
    return dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", "\n".join(lines), re.MULTILINE))


def test_every_variable_is_documented_and_none_is_invented() -> None:
    assert set(_example()) == _read()


def test_the_uncommented_values_are_the_defaults(tmp_path: Path) -> None:
    lines = (ROOT / "infra/env.example").read_text().splitlines()
    shown = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    home = {"ROPEWALK_HOME": str(tmp_path)}
    assert env.load({**home, **shown}) == env.load(home)
