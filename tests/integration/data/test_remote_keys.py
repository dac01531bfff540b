"""A remote's keys in pages against sorting them all: any prefix, any place to go on, both layouts."""

import hashlib

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ropewalk.data.models import StoredObject
from ropewalk.data.oids import address_of
from ropewalk.data.selectors import remote_keys
from tests.factories import builders

_OIDS = [hashlib.md5(b"%d" % n).hexdigest() for n in range(12)] + [
    "0" * 32,
    "f" * 32,
    "9" * 32,
    "ff" + "0" * 30,
]
_TAIL = st.text("0123459aef/.di~g\x7f \U0010ffff", max_size=5)
_PLACE = st.one_of(
    st.builds(lambda root, oid, cut, tail: (root + oid[:2] + "/" + oid[2:])[:cut] + tail,
              st.sampled_from(["", "files/md5/"]), st.sampled_from(_OIDS), st.integers(0, 45), _TAIL),
    st.sampled_from(["", "f", "fi", "files", "files/md5", "files/md6", "runs/", "zz", "00/", "files/md5/ff"]),
)  # fmt: skip


def made() -> tuple[int, list[str]]:
    project = builders.make_project()
    keys = []
    for kind in ("file", "dir", "legacy", "legacy_dir"):
        for number, oid in enumerate(_OIDS):
            whole = number % 5 != 4
            StoredObject.objects.create(
                project=project,
                kind=kind,
                oid=oid,
                size=1,
                sha256="",
                complete=whole,
                created_at=project.created_at,
            )
            address = address_of(kind, oid)
            root = "" if address.legacy else "files/md5/"
            keys += [f"{root}{oid[:2]}/{oid[2:]}{'.dir' if address.is_dir else ''}"] if whole else []
    return project.pk, sorted(keys)


def test_keys(db: None) -> None:
    project_id, keys = made()
    made()  # another project's are not among them

    @given(prefix=_PLACE, after=_PLACE, limit=st.integers(1, 60))
    @example(prefix="files/md5/", after="files/md5/ff/\U0010ffff", limit=5)
    @example(prefix="", after="ff/\U0010ffff", limit=5)
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def hold(prefix: str, after: str, limit: int) -> None:
        found = [key for key, _ in remote_keys(project_id, prefix=prefix, after=after, limit=limit)]
        assert found == [key for key in keys if key.startswith(prefix) and key > after][:limit]

    hold()
