"""``infra/env.example`` and :mod:`ropewalk.conf.env` know the same variables."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_variable_is_documented_and_each_documented_one_is_read():
    source = (ROOT / "platform/ropewalk/conf/env.py").read_text("utf-8")
    read = set(re.findall(r'(?:text|number|flag|environ\.get)\(\s*"([A-Z0-9_]+)"', source))
    example = (ROOT / "infra/env.example").read_text("utf-8")
    documented = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE))
    assert {"DATABASE_URL", "ROPEWALK_HOME", "ROPEWALK_S3_BUCKET"} <= read
    assert read - documented == set()
    assert documented - read == set()


def test_settings_take_their_values_from_the_one_module():
    settings = (ROOT / "platform/ropewalk/conf/settings.py").read_text("utf-8")
    assert "os.environ" not in settings
    assert "getenv" not in settings
