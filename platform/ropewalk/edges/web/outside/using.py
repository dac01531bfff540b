"""Lines to copy for a file of a connected bucket. They name no key: whoever copies them has their own."""

import shlex

from ropewalk.access.types import ProjectAccess
from ropewalk.outside.types import ConnectedView, RemoteFile


def snippets(access: ProjectAccess, bucket: ConnectedView, file: RemoteFile) -> list[tuple[str, str, str]]:
    """(id, title, text) of each block."""
    whole = f"s3://{bucket.bucket}/{bucket.prefix}{file.key}"
    if not whole.isprintable():  # nobody should paste a line break into a shell
        return []
    raw = (
        f"{access.project.url.removesuffix(access.project.path)}/api/v1/repos{access.project.path}"
        f"/storage/raw/s3/{bucket.name}/"
    )
    return [
        (
            "outside-dvc",
            "DVC: track it in your repository, with its bytes in the project's remote",
            _dvc(bucket, whole),
        ),
        ("outside-aws", "AWS CLI, with a key of yours", _aws(bucket, whole)),
        ("outside-python", "Python, through this server", _python(raw, file)),
    ]


def _dvc(bucket: ConnectedView, whole: str) -> str:
    if not bucket.endpoint and bucket.signed_in:  # DVC finds the key that the AWS CLI has
        return f"dvc import-url {shlex.quote(whole)}\ndvc push"
    # DVC takes an endpoint, and that there is no key, from a remote only.
    remote = shlex.quote(bucket.name)
    inside = whole.removeprefix(f"s3://{bucket.bucket}/")
    lines = [f"dvc remote add {remote} {shlex.quote(f's3://{bucket.bucket}')}"]
    if bucket.endpoint:
        lines.append(f"dvc remote modify {remote} endpointurl {shlex.quote(bucket.endpoint)}")
    lines.append(f"dvc remote modify {remote} region {shlex.quote(bucket.region)}")
    if bucket.signed_in:
        lines.append(f"dvc remote modify --local {remote} access_key_id YOUR_KEY_ID")
        lines.append(f"dvc remote modify --local {remote} secret_access_key YOUR_SECRET")
    else:
        lines.append(f"dvc remote modify {remote} allow_anonymous_login true")
    return "\n".join(
        [*lines, f"dvc import-url {shlex.quote(f'remote://{bucket.name}/{inside}')}", "dvc push"]
    )


def _aws(bucket: ConnectedView, whole: str) -> str:
    endpoint = f"--endpoint-url {shlex.quote(bucket.endpoint)} " if bucket.endpoint else ""
    unsigned = "" if bucket.signed_in else "--no-sign-request "
    return f"aws {endpoint}{unsigned}--region {shlex.quote(bucket.region)} s3 cp {shlex.quote(whole)} ."


def _python(raw: str, file: RemoteFile) -> str:
    return (
        "import shutil, urllib.parse, urllib.request\n"
        f"key = {file.key!r}\n"
        f"request = urllib.request.Request({raw!r} + urllib.parse.quote(key),\n"
        '    headers={"Authorization": "Bearer YOUR_TOKEN"})\n'
        'with urllib.request.urlopen(request) as answer, open(key.rpartition("/")[2], "wb") as file:\n'
        "    shutil.copyfileobj(answer, file)"
    )
