"""Run by the client's own interpreter: ``stream_storage.py HOST OWNER PROJECT FOLDER``. Prints JSON."""

import json
import sys
from pathlib import Path

from dagshub.common.api.repo import RepoAPI
from dagshub.streaming import DagsHubFilesystem


def main(host, owner, name, folder):
    folder, api = Path(folder), RepoAPI(f"{owner}/{name}")
    found = {"storages": sorted((one.protocol, one.name) for one in api.get_connected_storages())}
    found["listed"] = sorted(
        (one.path, one.type, one.size) for one in api.list_storage_path("s3/theirs", include_size=True)
    )
    found["file"] = api.get_storage_file("s3/theirs/a b.txt").decode()
    work = folder / "stream"
    work.mkdir()
    streamed = DagsHubFilesystem(work, repo_url=f"{host}/{owner}/{name}", branch="main")
    bucket = work / ".dagshub/storage/s3/theirs"
    found["names"] = sorted(streamed.listdir(str(bucket)))
    found["many"] = len(streamed.listdir(str(bucket / "many")))
    found["streamed"] = streamed.open(str(bucket / "many/0007.txt"), "rb").read().decode()
    found["own"] = streamed.open(str(work / f".dagshub/storage/s3/{name}/mine.txt"), "rb").read().decode()
    api.download("s3:/theirs/many", folder / "out")
    found["downloaded"] = sorted(path.name for path in (folder / "out").rglob("*.txt"))
    print("\n" + json.dumps(found))


main(*sys.argv[1:])
