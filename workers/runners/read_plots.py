"""What a commit's plots show, read from git or DVC's store."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ropewalk.core.errors import RopewalkError, Unprocessable
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.types import READ_PLOTS
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.analysis.pipelines.series import MAX_TABLE_BYTES, Table, drawn, read_table
from workers.runners.base import Report
from workers.runners.data_files import throttled
from workers.runners.local_files import resolved

MAX_FILES = 300  # all plots together
MAX_BYTES = 256 << 20
IMAGES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}
_SHOWN = ("name", "file", "template", "custom", "title", "x_label", "y_label")
_TABLES = {".csv", ".tsv", ".json", ".yaml", ".yml"}


class ReadPlots:
    """One set of plots, whose files are the same for ever; commits that share it share the document."""

    kind: JobKind = READ_PLOTS

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Read and store; a file that can't be read is words beside its plot."""
        project_id, sha = int(job.project_id or 0), str(job.payload["commit"])
        pipeline = data.pipeline_at(project_id, sha)
        if pipeline is None:
            raise Unprocessable(
                "The pipeline of this commit was not read yet. Open its page first.", code="not_read"
            )
        tell, reading = throttled(report), _Reading(project_id, sha)
        plots = []
        for number, plot in enumerate(pipeline.plots):
            tell(number / len(pipeline.plots), "Reading plots")
            plots += reading.shown(plot)
        stored = services.store_preview(
            project_id=project_id,
            preview_id=int(job.payload["preview"]),
            content_hash=str(job.payload["content"]),
            document=storable({"plots": plots}),
        )
        return {"stored_bytes": stored, "plots": len(plots)}


@dataclass
class _Reading:
    project_id: int
    sha: str
    files: int = MAX_FILES
    room: int = MAX_BYTES
    known: dict[tuple[str, bool], Table | str] = field(default_factory=dict)

    def shown(self, plot: dict[str, Any]) -> list[dict[str, Any]]:
        """A plot as it is drawn: one, or for a folder one for each file in it."""
        paths = {path: self._expanded(path) for path in plot["y"]}
        if any(found != [path] for path, found in paths.items()):
            return [self._one(_of_file(plot, path, one)) for path, found in paths.items() for one in found]
        return [self._one(plot)]

    def _expanded(self, path: str) -> list[str]:
        """The files of a folder of plots that can be drawn; a file itself."""
        try:
            entries = repos.walk(self.project_id, self.sha, path, limit=MAX_FILES).entries
            found = [entry.path for entry in entries if entry.kind == "file"]
        except RopewalkError:  # no folder in git
            try:
                file = resolved(self.project_id, self.sha, path)
            except RopewalkError:
                return [path]
            if not file.is_dir:
                return [path]
            found = [one.path for one in data.dir_files(self.project_id, file, limit=MAX_FILES)]
        return [one for one in found if PurePosixPath(one).suffix.lower() in _TABLES | IMAGES]

    def _one(self, plot: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {key: plot[key] for key in _SHOWN if key in plot}
        shown["x"] = plot["x"] if isinstance(plot["x"], str) else ""
        images = [path for path in plot["y"] if PurePosixPath(path).suffix.lower() in IMAGES]
        if images:
            return shown | {"images": images}
        tables: dict[str, Table] = {}
        problems = []
        for path in dict.fromkeys([*plot["y"], *(plot["x"] if isinstance(plot["x"], dict) else ())]):
            table = self._table(path, header=plot["header"])
            if isinstance(table, str):
                problems.append(f"{path}: {table}")
            else:
                tables[path] = table
        try:
            shown |= drawn(plot, tables) if tables else {}
        except AnalysisError as error:
            problems.append(error.message)
        return shown | {"problems": problems}

    def _table(self, path: str, *, header: bool) -> Table | str:
        """A file's rows, or in words why not."""
        key = path, header
        if key not in self.known:
            try:
                self.known[key] = read_table(self._bytes(path), path, header=header)
            except AnalysisError as error:
                self.known[key] = error.message
            except PathNotFound:
                self.known[key] = "This commit has no such file."
            except RopewalkError as error:
                self.known[key] = error.message
        return self.known[key]

    def _bytes(self, path: str) -> bytes:
        self.files -= 1
        if self.files < 0:
            raise AnalysisError("too_many_files", f"Only the first {MAX_FILES} files are read.")
        file = resolved(self.project_id, self.sha, path)
        if not file.present:
            raise AnalysisError(
                "missing", "Its bytes were not pushed here. Whoever has them runs `dvc push`."
            )
        if (file.size or 0) > min(MAX_TABLE_BYTES, self.room):
            raise AnalysisError(
                "too_large", f"This file is larger than {MAX_TABLE_BYTES >> 20} MiB, the most that is read."
            )
        self.room -= file.size or 0
        return b"".join(data.open_data_file(self.project_id, file, 0, MAX_TABLE_BYTES))


def _of_file(plot: dict[str, Any], folder: str, path: str) -> dict[str, Any]:
    x = plot["x"] if isinstance(plot["x"], str) else plot["x"].get(folder, "")
    return {**plot, "name": path, "y": {path: plot["y"][folder]}, "x": x}
