"""What a new project can begin with, as files: README, .gitignore, licence, and DVC set up for the project's own remote."""

from dataclasses import dataclass
from pathlib import Path

from ropewalk.core.errors import Invalid
from ropewalk.projects.types import ProjectView

_TEXTS = Path(__file__).parent / "starter_texts"
LICENSES = {
    "MIT": "MIT: short and permissive",
    "Apache-2.0": "Apache 2.0: permissive, with a grant of patents",
    "BSD-3-Clause": "BSD 3-Clause: permissive, names may not be used to advertise",
    "MPL-2.0": "MPL 2.0: changed files stay open",
    "GPL-3.0-only": "GPL 3.0: what is built on it stays open",
    "CC0-1.0": "CC0 1.0: public domain, for data and text",
}
GITIGNORES = ("Python", "Machine learning", "R")
# What `dvc init` and `dvc remote add -d` write; a test holds it against the client.
_DVC_IGNORE = """\
# Add patterns of files dvc should ignore, which could improve
# the performance. Learn more at
# https://dvc.org/doc/user-guide/dvcignore
"""
_DVC_GITIGNORE = "/config.local\n/tmp\n/cache\n"
REMOTE = "origin"


@dataclass(frozen=True)
class Starter:
    """What somebody chose: names out of :data:`LICENSES` and :data:`GITIGNORES`, empty for none."""

    readme: bool = False
    gitignore: str = ""
    license: str = ""
    dvc: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was chosen, so the project begins without a commit."""
        return not (self.readme or self.gitignore or self.license or self.dvc)


def starter_of(*, readme: bool, gitignore: str, license_name: str, dvc: bool) -> Starter:
    """The choice with its names as we spell them, whatever their case. Raises :class:`Invalid` for one that is not there."""
    return Starter(
        readme,
        _known("a .gitignore", gitignore, GITIGNORES),
        _known("a licence", license_name, tuple(LICENSES)),
        dvc,
    )


def _known(what: str, given: str, names: tuple[str, ...]) -> str:
    if not given:
        return ""
    for name in names:
        if name.lower() == given.strip().lower():
            return name
    raise Invalid(
        f"There is no {what.removeprefix('a ')} “{given[:100]}” to begin with.",
        hint=f"There are: {', '.join(names)}.",
        code="bad_starter",
    )


def starter_files(project: ProjectView, starter: Starter, *, holder: str, year: int) -> dict[str, str]:
    """The files by path. ``holder`` has the copyright since ``year``, where the licence's text says so."""
    files = {}
    if starter.readme:
        files["README.md"] = _readme(project, starter)
    if starter.gitignore:
        files[".gitignore"] = (_TEXTS / "gitignores" / f"{starter.gitignore}.txt").read_text("utf-8")
    if starter.license:
        text = (_TEXTS / "licenses" / f"{starter.license}.txt").read_text("utf-8")
        if starter.license in {"MIT", "BSD-3-Clause"}:
            text = text.replace("<year>", str(year), 1).replace("<holder>", holder, 1)
        files["LICENSE"] = text
    return files | dvc_files(project) if starter.dvc else files


def dvc_files(project: ProjectView) -> dict[str, str]:
    """DVC's own files, set up for the project's remote, by path."""
    config = f"[core]\n    remote = {REMOTE}\n['remote \"{REMOTE}\"']\n    url = {project.dvc_url}\n"
    return {".dvc/config": config, ".dvc/.gitignore": _DVC_GITIGNORE, ".dvcignore": _DVC_IGNORE}


def _readme(project: ProjectView, starter: Starter) -> str:
    text = f"# {project.slug}\n"
    if project.description.strip():
        text += f"\n{' '.join(project.description.split())}\n"
    if starter.dvc:
        text += f"""
## Data

Files that are too large for git are kept by [DVC](https://dvc.org) in this project's own remote. Once in each clone:

```sh
pip install dvc
dvc remote modify --local {REMOTE} auth basic
dvc remote modify --local {REMOTE} user YOUR-NAME
dvc remote modify --local {REMOTE} password YOUR-TOKEN
```

Then `dvc pull` fetches the data, `dvc add FILE` and `dvc push` bring in more.
"""
    return text
