"""``platform/`` is a source root: a package or module of that name would shadow the standard library's."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "platform").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])


def test_the_source_root_holds_the_product_and_nothing_else():
    held = {path.name for path in (ROOT / "platform").iterdir() if path.name != "__pycache__"}
    assert held == {"ropewalk"}


@pytest.mark.parametrize("where", ["", "platform", "tests"])
def test_import_platform_gives_the_standard_library(where):
    code = "import platform; print(platform.__file__, platform.system())"
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / where, capture_output=True, text=True, check=True
    ).stdout
    assert str(ROOT) not in out.replace(str(Path(sys.prefix)), "")
    assert out.split()[-1] == "Linux" or sys.platform != "linux"


def _reads_environment(tree: ast.AST) -> bool:
    names = {"environ", "getenv", "putenv", "environb"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names and getattr(node.value, "id", "") == "os":
            return True
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and names & {alias.name for alias in node.names}
        ):
            return True
    return False


def test_only_conf_env_reads_the_environment():
    # The two entry points name Django's settings module before settings can exist. Nothing else may join them.
    entries = {"platform/ropewalk/conf/wsgi.py", "workers/app.py"}
    owner = "platform/ropewalk/conf/env.py"
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if _reads_environment(ast.parse(path.read_text("utf-8")))
    }
    assert found <= entries | {owner}
    for entry in entries & found:
        text = (ROOT / entry).read_text("utf-8")
        assert text.count("os.environ") == text.count('os.environ.setdefault("DJANGO_SETTINGS_MODULE"'), entry


def test_modules_are_named_for_what_they_hold():
    bad = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "signals.py"}
    assert [str(path.relative_to(ROOT)) for path in SOURCES if path.name in bad] == []


def test_nothing_runs_code_from_data_or_a_shell():
    calls = {"eval", "exec", "compile", "__import__"}
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in calls:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}")
            if (
                isinstance(node.func, ast.Attribute)
                and node.func.attr == "system"
                and ast.unparse(node.func) == "os.system"
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} os.system")
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno} shell=True"
                for keyword in node.keywords
                if keyword.arg == "shell"
                and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            ]
    assert found == []


def test_no_file_names_the_machine_that_it_was_written_on():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    marker = "/wor" + "k/"
    bad = []
    for name in listed:
        path = ROOT / name
        if (
            name
            and path.is_file()
            and path.stat().st_size < 1_000_000
            and marker in path.read_text("utf-8", "replace")
        ):
            bad.append(name)
    assert bad == []
