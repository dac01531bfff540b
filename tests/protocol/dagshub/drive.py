"""Run by the client's own interpreter: what a user of the unmodified ``dagshub`` package does. Prints JSON."""

import json
import sys
from pathlib import Path

from dagshub.common.api.repo import RepoAPI
from dagshub.streaming import DagsHubFilesystem
from dagshub.upload import Repo
from dagshub.upload.errors import DagsHubAPIError, UpdateNotAllowedError


def refusal(call):
    try:
        call()
    except (DagsHubAPIError, UpdateNotAllowedError) as error:
        return type(error).__name__, getattr(error, "details", getattr(error, "message", ""))
    return "", ""


def main(host, owner, name, folder):
    folder = Path(folder)
    repo, api = Repo(owner, name), RepoAPI(f"{owner}/{name}")
    source = folder / "tree"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_bytes(b"one")
    (source / "sub" / "b b%.bin").write_bytes(bytes(range(256)))
    found = {}
    repo.upload(str(source / "a.txt"), remote_path="first.txt", versioning="git")  # an empty repository
    repo.upload(str(source), remote_path="data/tree", versioning="git")
    found["again"] = refusal(
        lambda: repo.upload(str(source / "a.txt"), remote_path="first.txt", versioning="git")
    )
    (source / "a.txt").write_bytes(b"two")
    repo.upload(str(source / "a.txt"), remote_path="first.txt", versioning="git", force=True)
    repo.upload(str(source), remote_path="data/other")  # a folder: DVC's, by itself
    (source / "late.txt").write_bytes(b"late")
    repo.upload(str(source / "late.txt"), remote_path="data/other/late.txt")
    found["dvc again"] = refusal(
        lambda: repo.upload(str(source / "a.txt"), remote_path="data/other/late.txt")
    )
    (source / "late.txt").unlink()
    found["tracked"] = sorted((e.path, e.type, e.size, e.versioning) for e in api.list_path("data/other"))
    other = Repo(owner, name, branch="feature/x")
    other.upload(str(source / "a.txt"), remote_path="only.txt", versioning="git")
    found["listed"] = sorted((entry.path, entry.type, entry.size) for entry in api.list_path("data/tree"))
    found["message"] = api.last_commit("feature/x").message
    api.download("/", folder / "out", revision="main")
    api.download("only.txt", folder / "out2" / "only.txt", revision="feature/x")
    streamed = DagsHubFilesystem(folder / "stream", repo_url=f"{host}/{owner}/{name}", branch="main")
    (folder / "stream").mkdir(exist_ok=True)
    found["streamed"] = streamed.open(str(folder / "stream" / "data/tree/a.txt"), "rb").read().decode()
    found["names"] = sorted(streamed.listdir(str(folder / "stream" / "data")))
    print("\n" + json.dumps(found))


main(*sys.argv[1:])
