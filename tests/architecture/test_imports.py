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
    # A library belongs to one package, as S3 does to core.blobs: an exception elsewhere would be a second owner.
    for owner in owners:
        importers = {rule.split(" -> ")[0] for rule in by_id[owner].get("ignore_imports", [])}
        assert len({name.rpartition(".")[0] for name in importers}) <= 1, owner
