"""Projects in the states that only time, other servers or other people bring about, for looking at their pages.

Run inside an instance by :func:`make`, which prints what page is where as JSON. Rows are set where the real way would take
another server.
"""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ropewalk.access import transfers
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts import owner_names
from ropewalk.accounts.models import User
from ropewalk.core import clock
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.data.models import RemoteFetch
from ropewalk.data.services import branches
from ropewalk.data.services.changes import commit_edits
from ropewalk.data.services.founding import found_project
from ropewalk.data.services.releasing import save_release
from ropewalk.data.starters import Starter
from ropewalk.data.types import FETCH_DATA, SYNC_MIRROR
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.releases.types import ReleaseText
from ropewalk.repos import refs
from ropewalk.repos import services as repos
from ropewalk.repos.edits import Author, CommitRequest, Text, WriteFile
from ropewalk.repos.models import ImportSource, PullMirror, PushMirror
from ropewalk.repos.types import FORK_PROJECT, IMPORT_REPOSITORY, PUSH_TO_MIRROR
from tests.browser import data_states
from tests.factories.builders import access_of, make_organization, make_ssh_key, make_token, make_user

ELSEWHERE = "https://git.example.org/greenhouse/sensors.git"
UNREACHABLE = (
    "The other server did not answer within 30 seconds. It may be down; the next try is in 20 minutes."
)
REFUSED = "The other server refused the branch main: it is protected there."
WORK = {
    "overview": "", "files": "/src", "branches": "/branches", "deleted": "/branches?view=deleted", "rules": "/settings/branches",
    "tags": "/tags", "releases": "/releases", "release": "/releases/tag/v1.0.0", "people": "/contributors",
    "code-found": "/search/main?q=port.value", "code-none": "/search/main?q=zebra",
    "edit": "/edit/main/src/read.py", "new": "/new/main/src?name=calibrate.py", "upload": "/upload/main/src",
    "move": "/move/main/src/read.py", "delete": "/delete/main/src/read.py", "delete-folder": "/delete/main/src",
}  # fmt: skip
EDITORCONFIG = (
    "root = true\n\n[*]\ninsert_final_newline = true\n\n[*.py]\nindent_style = space\nindent_size = 4\n"
)


def _commit(access: ProjectAccess, message: str, **files: str) -> str:
    edits = tuple(WriteFile(path, Text(text.encode())) for path, text in files.items())
    tip = _tip(access)
    return commit_edits(
        access, CommitRequest("main", edits, message, Author("Otto", "otto@example.org"), seen=tip)
    )


def _tip(access: ProjectAccess) -> str:
    return refs.read_refs(access.project.id).get("refs/heads/main", "")


class _Scene:
    """Two people, an organization, and a project of the other one's."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.me = User.objects.get(username=prefix)
        self.other = make_user(f"{prefix}-otto")
        self.team = make_organization(f"{prefix}-team", owner=self.me)
        self.pages: dict[str, str] = {}

    def found(
        self, slug: str, *, owner: Any = None, person: User | None = None, visibility: str = "public"
    ) -> ProjectAccess:
        """A project with a README and DVC's remote."""
        person = person or self.me
        holder = owner.owner.slug if owner is not None else person.username
        return found_project(
            Actor.in_session(person.pk, person.username, False), holder, slug=slug,
            description="Temperature and moisture of the greenhouses, every ten minutes", visibility=visibility,
            starter=Starter(readme=True, dvc=True, gitignore="Python", license="MIT"),
        )  # fmt: skip

    def job(self, access: ProjectAccess, kind: Any, subject: str, **values: Any) -> Job:
        """A job as it stands; a running one is not thought dead for a day."""
        now = clock.now()
        fresh = {
            "kind": kind.name, "project_id": access.project.id, "subject": subject, "runner_version": kind.version,
            "fingerprint": f"{subject}:{Job.objects.count()}", "time_limit": kind.time_limit, "requested_by_id": self.me.pk,
            "created_at": now - timedelta(minutes=4), "started_at": now - timedelta(minutes=4), "attempts": 1,
        }  # fmt: skip
        if values.get("state") == "running":
            fresh |= {"heartbeat_at": now + timedelta(days=1)}
        elif values.get("state") in {"succeeded", "failed"}:
            fresh |= {"ended_at": now - timedelta(minutes=2)}
        return Job.objects.create(**{**fresh, **values})

    def page(self, name: str, access: ProjectAccess, tail: str = "") -> None:
        self.pages[name] = f"{access.project.path}{tail}"


def _wait_for(job: Job) -> None:
    """The instance's own worker does it; doing it here, too, would be a second run beside it."""
    for _ in range(240):
        job.refresh_from_db()
        if job.state == "succeeded":
            return
        time.sleep(0.25)
    raise AssertionError(f"{job.kind} is {job.state} after a minute: {job.error_message}")


def _forks(scene: _Scene) -> None:
    parent = scene.found("greenhouse", person=scene.other)
    _commit(parent, "Read the sensors", **{"src/read.py": "def read(port):\n    return port.value\n"})
    scene.page("fork-new", parent, "/fork")
    for owner in (scene.me.username, scene.team.owner.slug):
        access = data.start_fork(access_of(scene.me, Project.objects.get(pk=parent.project.id)), owner)
        _wait_for(Job.objects.get(project_id=access.project.id, kind=FORK_PROJECT.name))
        if owner == scene.me.username:
            scene.page("fork-behind", access)
        else:
            _commit(access, "Our own port", **{"src/port.py": "PORT = 4\n"})
            scene.page("fork-diverged", access)
    _commit(
        parent, "Read twice", **{"src/read.py": "def read(port):\n    return (port.value + port.value) / 2\n"}
    )
    _commit(parent, "Say the unit", **{"src/unit.py": 'UNIT = "°C"\n'})
    scene.page("forks", parent, "/forks")
    scene.page("fork-of-mine", scene.found("alone"), "/fork")


def _mirrors(scene: _Scene) -> None:
    now = clock.now()
    states: dict[str, dict[str, Any]] = {
        "fresh": {"synced_at": now - timedelta(minutes=7), "next_at": now + timedelta(minutes=53)},
        "running": {"synced_at": now - timedelta(hours=1), "asked_at": now},
        "failing": {
            "synced_at": now - timedelta(days=2), "failures": 4, "last_error": UNREACHABLE,
            "next_at": now + timedelta(minutes=20),
        },
    }  # fmt: skip
    updates = [
        {"name": "refs/heads/main", "what": "moved"},
        {"name": "refs/tags/v2.1.0-rc.1", "what": "made"},
    ]
    for name, values in states.items():
        access = scene.found(f"mirror-{name}")
        Project.objects.filter(pk=access.project.id).update(mirror_of=ELSEWHERE)
        PullMirror.objects.create(
            project_id=access.project.id, interval=3600, hook_id=f"{name:0<32}"[:32], created_at=now, **values
        )
        subject = f"project:{access.project.id}"
        scene.job(
            access,
            SYNC_MIRROR,
            f"{subject}:schedule",
            state="succeeded",
            result={"updates": updates, "changed": 9},
        )
        scene.job(
            access, SYNC_MIRROR, f"{subject}:button", state="succeeded", result={"updates": [], "changed": 0}
        )
        if name == "running":
            scene.job(
                access, SYNC_MIRROR, f"{subject}:webhook", state="running", progress=0.4,
                message="Receiving objects: 41 % (8,210 of 20,024)",
            )  # fmt: skip
        if name == "failing":
            scene.job(access, SYNC_MIRROR, f"{subject}:schedule", state="failed", error_message=UNREACHABLE)
        scene.page(f"mirror-{name}", access, "/settings/mirror")
    scene.page("mirror-head", access)
    scene.page("mirror-end", access, "/settings/mirror/end")
    _pushes(scene, now)


def _pushes(scene: _Scene, now: Any) -> None:
    access = scene.found("pushing")
    rows: list[tuple[str, dict[str, Any]]] = [
        ("https://github.example.com/greenhouse/sensors-of-all-the-houses-and-fields.git", {"synced_at": now}),
        ("https://codeberg.example.org/greenhouse/sensors.git", {"asked_at": now, "interval": 3600}),
        (
            "https://backup.example.net/git/sensors.git",
            {"failures": 3, "last_error": REFUSED, "sync_on_push": False},
        ),
    ]  # fmt: skip
    for number, (address, values) in enumerate(rows):
        key = f"{number:016x}"
        PushMirror.objects.create(
            project_id=access.project.id,
            key=key,
            address=address,
            created_at=now,
            **{"interval": 0, **values},
        )
        if values.get("asked_at"):
            scene.job(
                access, PUSH_TO_MIRROR, f"push:{key}:push", state="running", progress=0.2, message="Pushing"
            )
        if values.get("failures"):
            scene.job(
                access, PUSH_TO_MIRROR, f"push:{key}:push", state="failed", error_message=values["last_error"]
            )
    scene.page("pushes", access, "/settings/mirror")
    scene.page("push-failing", access, f"/settings/mirror/push/{2:016x}")
    scene.page("push-remove", access, f"/settings/mirror/push/{2:016x}/remove")


def _fetches(scene: _Scene) -> None:
    missing = [
        {"path": f"data/raw/2024/house-{number}.parquet", "oid": f"{number:032x}", "why": ""}
        for number in range(3)
    ]
    refused = [{"path": "models/moisture.onnx", "oid": "ab" * 16, "why": "md5_mismatch"}]
    report = {
        "wanted": 1200, "present": 20, "fetched": 1176, "size": 8_300_000_000, "missing": 3, "refused": 1,
        "first_missing": missing, "first_refused": refused,
    }  # fmt: skip
    no_sign_in = "The remote wants a sign-in (401). Give a user name and a password or token below."
    states: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "running": ({"state": "running", "progress": 0.63, "message": "Fetching object 738 of 1,180, 5.1 GB so far"}, {}),
        "done": ({"state": "succeeded", "progress": 1}, report),
        "failed": ({"state": "failed", "error_code": "sign_in_needed", "error_message": no_sign_in}, {}),
        "cancelled": (
            {"state": "failed", "error_code": "cancelled", "error_message": f"{scene.prefix} cancelled it. What came stays."},
            {"wanted": 1200, "fetched": 310, "size": 2_100_000_000},
        ),
    }  # fmt: skip
    for name, (job, found) in states.items():
        access = scene.found(f"fetch-{name}")
        url = "https://dvc.example.org/store/greenhouse/of-all-the-fields"
        RemoteFetch.objects.create(project_id=access.project.id, url=url, scope="tips", report=found)
        scene.job(access, FETCH_DATA, f"project:{access.project.id}", **job)
        scene.page(f"fetch-{name}", access, "/settings/data")
    scene.page("fetch-form", scene.found("fetch-form"), "/settings/data")


def _imports(scene: _Scene) -> None:
    failed = "The repository wants a sign-in. Give a user name and a token that may read it."
    states: dict[str, dict[str, Any]] = {
        "running": {"state": "running", "progress": 0.37, "message": "Receiving objects: 37 % (7,411 of 20,024)"},
        "failed": {"state": "failed", "error_code": "sign_in_needed", "error_message": failed},
        "cancelled": {"state": "failed", "error_code": "cancelled", "error_message": f"{scene.prefix} cancelled it."},
        "done": {"state": "succeeded", "progress": 1},
    }  # fmt: skip
    scene.pages["import-form"] = "/new/import"
    for name, job in states.items():
        actor = Actor.in_session(scene.me.pk, scene.me.username, False)
        access = found_project(
            actor,
            scene.me.username,
            slug=f"import-{name}",
            description="",
            visibility="private",
            starter=Starter(),
        )
        ImportSource.objects.create(project_id=access.project.id, url=ELSEWHERE)
        scene.job(access, IMPORT_REPOSITORY, f"project:{access.project.id}", **job)
        scene.page(f"import-{name}", access, "/import")
        if name in {"running", "failed"}:
            scene.page(f"importing-{name}", access)


def _offers_and_names(scene: _Scene) -> None:
    given = scene.found("given-away")
    transfers.transfer(given, scene.other.username)
    scene.page("offer-given", given, "/settings/transfer")
    theirs = scene.found("soil-moisture-of-every-greenhouse", person=scene.other, visibility="private")
    transfers.transfer(theirs, scene.me.username)
    row = Project.objects.get(pk=theirs.project.id).transfer_offer
    scene.pages |= {
        "offers-waiting": "/settings/offers",
        "offer": f"/settings/offers/{row.pk}",
        "home-hint": "/",
    }
    renamed = scene.found("old-name")
    projects.rename_project(project_id=renamed.project.id, name="new-name")
    scene.pages["renamed"] = f"/{scene.prefix}/new-name/settings/rename"
    scene.pages["old-name"] = f"/{scene.prefix}/old-name"
    crew = make_organization(f"{scene.prefix}-band", owner=scene.me)
    owner_names.rename_owner(owner_id=crew.owner_id, name=f"{scene.prefix}-crew")
    scene.pages["renamed-organization"] = f"/orgs/{scene.prefix}-crew/settings/rename"
    scene.pages["old-owner"] = f"/{scene.prefix}-band"


def _work(scene: _Scene) -> None:
    """Branches with rules, a release, keys and tokens, files to edit."""
    make_ssh_key(scene.me)
    make_token(scene.me)
    scene.pages |= {"keys-there": "/settings/ssh-keys", "tokens-there": "/settings/tokens"}
    access = scene.found("sensors")
    source = "".join(
        f"def read_{number}(port):\n    return port.value * {number}\n\n\n" for number in range(30)
    )
    _commit(
        access, "Read them", **{"src/read.py": source, ".editorconfig": EDITORCONFIG, "notes.md": "# Notes\n"}
    )
    for name in ("feature/longer-name-of-a-branch-than-usual", "fix-1", "release/2"):
        branches.create_branch(access, name=name)
    commit_edits(
        access,
        CommitRequest(
            "fix-1", (WriteFile("fix.txt", Text(b"fixed\n")),), "Fix the sensor of house 3", Author("Otto", "otto@example.org"),
            seen=_tip(access),
        ),
    )  # fmt: skip
    branches.delete_branch(access, name="release/2")
    repos.protect_branches(project=access.project, pattern="release/*", push_role="maintainer", people=[])
    repos.protect_branches(
        project=access.project, pattern="main", push_role="writer", people=[], required_checks=["tests"]
    )
    notes = "## What is new\n\n- Twice as fast\n- `read` knows the unit\n"
    save_release(access, ReleaseText(tag="v1.0.0", title="First sensors", notes=notes), publish=True)
    save_release(
        access, ReleaseText(tag="v1.1.0-rc.1", title="Nearly", notes=notes, prerelease=True), publish=True
    )
    save_release(access, ReleaseText(tag="v2", title="Not yet", notes=""))
    for name, tail in WORK.items():
        scene.page(f"work-{name}", access, tail)


def _data(scene: _Scene) -> None:
    access = scene.found("barn", visibility="private")
    for name, tail in data_states.make(access, scene.me.pk, scene.job).items():
        scene.page(f"data-{name}", access, tail)


PARTS: tuple[Callable[[_Scene], None], ...] = (
    _forks, _mirrors, _fetches, _imports, _offers_and_names, _work, _data,
)  # fmt: skip


def make(username: str) -> None:
    """Bring it all about for somebody, and print their pages."""
    scene = _Scene(username)
    for part in PARTS:
        part(scene)
    print(json.dumps(scene.pages))
