"""MLflow's view of our object store, for the handlers that read or write artifacts themselves. Imports MLflow.

Paths are relative to the project whose workspace is bound, whatever URI the repository was made with.
"""

import posixpath
from pathlib import Path

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.utils import workspace_context

from ropewalk.core import blobs
from ropewalk.core.blobs import BLOCK, BadKey, BlobMissing, checked_key
from ropewalk.edges.mlflow_http.artifacts import LISTED, store_artifact
from ropewalk.edges.mlflow_http.artifacts import delete as delete_artifact
from ropewalk.tracking.selectors.artifacts import entries_below
from ropewalk.tracking.types import artifact_prefix, workspace_name

SCHEME = "ropewalk-objects"
ROOT = f"{SCHEME}:/"


def bound_project() -> int:
    """The project of the bound workspace; without one nothing may be touched."""
    name = workspace_context.get_request_workspace() or ""
    digits = name.removeprefix("project-")
    if not digits.isdigit() or name != workspace_name(int(digits)):
        raise MlflowException.invalid_parameter_value("No project is bound to this request.")
    return int(digits)


class ObjectRepository(ArtifactRepository):
    """Artifacts of the bound project in :mod:`ropewalk.core.blobs`."""

    def relative(self, path: str | None) -> str:
        """``path`` below the repository's own URI, without the ``workspaces/<name>/`` that MLflow puts in front."""
        base = self.artifact_uri.removeprefix(ROOT).strip("/")
        joined = posixpath.join(base, path or "").strip("/")
        mine = f"workspaces/{workspace_name(bound_project())}"
        joined = "" if joined == mine else joined.removeprefix(f"{mine}/")
        if joined.split("/")[0] == "workspaces":
            raise MlflowException.invalid_parameter_value("Invalid path")
        try:
            return checked_key(joined) if joined else ""
        except BadKey:
            raise MlflowException.invalid_parameter_value("Invalid path") from None

    def key(self, path: str | None) -> str:
        """The object key of a path."""
        return artifact_prefix(bound_project()) + self.relative(path)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Copy one local file into the store."""
        name = posixpath.join(artifact_path or "", Path(local_file).name)
        with Path(local_file).open("rb") as source:
            blocks = iter(lambda: source.read(BLOCK), b"")
            store_artifact(bound_project(), self.relative(name), blocks)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Copy the files of a local folder into the store."""
        root = Path(local_dir)
        for file in sorted(one for one in root.rglob("*") if one.is_file()):
            below = file.parent.relative_to(root).as_posix()
            self.log_artifact(str(file), posixpath.join(artifact_path or "", "" if below == "." else below))

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly below ``path``; an empty list for a file."""
        key = self.key(path).rstrip("/") + "/"
        lead = f"{path.strip('/')}/" if path and path.strip("/") else ""
        return [FileInfo(lead + one.name, one.is_dir, one.size) for one in entries_below(key, limit=LISTED)]

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        try:
            blocks = blobs.store().read(self.key(remote_file_path))
        except BlobMissing:
            raise MlflowException(
                f"No such artifact: '{remote_file_path}'", RESOURCE_DOES_NOT_EXIST
            ) from None
        with Path(local_path).open("wb") as target:
            target.writelines(blocks)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Remove a file or everything below a folder."""
        delete_artifact(bound_project(), self.relative(artifact_path))
