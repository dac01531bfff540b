"""The import rules of ARCHITECTURE.md, as import-linter holds them."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_contract_is_kept():
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_the_contracts_that_the_design_names_are_there():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    by_id = {contract["id"]: contract for contract in contracts}
    assert by_id["rooms"]["exhaustive"]
    assert by_id["workers"]["exhaustive"]
    assert {"edges", "no-workers", "workers-see", "pure", "edges-models", "reads"} <= set(by_id)
    owners = {"owner-subprocess", "owner-s3", "owner-mlflow", "owner-numerics"}
    assert owners <= set(by_id)
    # An exception to a single owner would be a second owner.
    assert all(len({i.split(" -> ")[0] for i in by_id[o].get("ignore_imports", [])}) <= 1 for o in owners)
