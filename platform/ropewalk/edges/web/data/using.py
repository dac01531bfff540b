"""Lines to copy that bring one version of a dataset into a program."""

from shlex import quote as shell

from ropewalk.access.types import ProjectAccess
from ropewalk.data.types import DataFile
from ropewalk.edges.web.rendering import quoted

_READERS = (
    ((".parquet", ".pq"), "read_parquet", ""),
    ((".jsonl", ".ndjson"), "read_json", ", lines=True"),
    ((".feather", ".arrow"), "read_feather", ""),
    ((".tsv", ".tab"), "read_csv", ', sep="\\t"'),
    ((".csv",), "read_csv", ""),
)
_PACKED = (".gz", ".zst", ".bz2")

Snippet = tuple[str, str, str]


def snippets(access: ProjectAccess, file: DataFile) -> list[Snippet]:
    """(id, title, text) of each way. The commit's own name stands in them, so that they give the same bytes for ever."""
    project = access.project
    clone = f"git clone {project.git_url} && cd {project.slug}\ngit checkout {file.commit_sha}\n" + (
        f"dvc pull {shell(file.path)}" if file.source == "dvc" else f"ls -l {shell(file.path)}"
    )
    if file.is_dir:
        return [("use-clone", "In a clone", clone)]
    address = f"{project.api_url}/raw/{file.commit_sha}/{quoted(file.path)}"
    public = project.visibility == "public"
    header = "" if public else '-H "Authorization: Bearer YOUR_TOKEN" '
    curl = f"curl -fL {header}-o {shell(file.path.rpartition('/')[2])} {shell(address)}"
    found = [("use-curl", "curl", curl), ("use-clone", "In a clone", clone)]
    python = _pandas(file.path, address, public)
    return [("use-python", "Python", python), *found] if python else found


def _pandas(path: str, address: str, public: bool) -> str:
    name = path.lower()
    for end in _PACKED:
        name = name.removesuffix(end)
    for ends, reader, more in _READERS:
        if name.endswith(ends):
            token = "" if public else ',\n    storage_options={"Authorization": "Bearer YOUR_TOKEN"}'
            return f'import pandas as pd\n\ntable = pd.{reader}(\n    "{address}"{more}{token},\n)'
    return ""
