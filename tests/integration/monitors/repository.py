"""A project's bare repository, filled by git itself."""

import os
import subprocess
from pathlib import Path

from ropewalk.projects.models import Project
from ropewalk.repos import services as repos
from ropewalk.repos.git import repository_path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "PATH": os.environ["PATH"],
}


class Repository:
    """A work tree whose commits go straight to the project."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.folder = folder
        repos.ensure_repository(project_id=project.pk)
        folder.mkdir()
        self._git("init", "-q", "-b", "main")
        self._git("remote", "add", "origin", str(repository_path(project.pk)))

    def _git(self, *args: str) -> str:
        run = subprocess.run(
            ["git", *args], cwd=self.folder, env=_ENVIRONMENT, check=True, capture_output=True, text=True
        )
        return run.stdout.strip()

    def commit(self, files: dict[str, bytes | str], tag: str = "") -> str:
        """Commit and push these files; returns the commit's sha."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", f"Change {', '.join(files) or 'nothing'}")
        self._git("push", "-q", "origin", "main")
        if tag:
            self._git("tag", tag)
            self._git("push", "-q", "origin", tag)
        return self._git("rev-parse", "HEAD")
