"""A sealed secret opens with the right key, for the right purpose, in the right project, and not otherwise."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ropewalk.core.sealing import SealBroken, resealed, seal, unseal
from ropewalk.repos.models import ImportSource
from ropewalk.repos.signing_in import IMPORT_PURPOSE, SignIn
from tests.factories import builders


def test_opens_only_where_it_was_sealed_for() -> None:
    sealed = seal("tokén", purpose="a", project_id=7)
    assert unseal(sealed, purpose="a", project_id=7) == "tokén"
    assert sealed != seal("tokén", purpose="a", project_id=7)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for text, purpose, project_id in [
        (sealed, "b", 7), (sealed, "a", 8), (changed, "a", 7), (sealed[:-8], "a", 7), ("", "a", 7), ("1.", "a", 7),
        ("1.é", "a", 7), ("2." + sealed[2:], "a", 7), ("tokén", "a", 7),
    ]:  # fmt: skip
        with pytest.raises(SealBroken):
            unseal(text, purpose=purpose, project_id=project_id)
    with pytest.raises(ValueError, match="16 KiB"):
        seal("x" * 20_000, purpose="a", project_id=7)


def test_old_keys_open(settings: Any) -> None:
    settings.SECRET_KEY, settings.ROPEWALK_OLD_SECRET_KEYS = "first", ()
    sealed = seal("token", purpose="a", project_id=7)
    settings.SECRET_KEY = "second"
    with pytest.raises(SealBroken):
        unseal(sealed, purpose="a", project_id=7)
    settings.ROPEWALK_OLD_SECRET_KEYS = ("zeroth", "first")
    assert unseal(sealed, purpose="a", project_id=7) == "token"
    fresh = resealed(sealed, purpose="a", project_id=7)
    assert fresh is not None
    settings.ROPEWALK_OLD_SECRET_KEYS = ()
    assert unseal(fresh, purpose="a", project_id=7) == "token"
    assert resealed(fresh, purpose="a", project_id=7) is None


def test_a_sign_in_shows_nothing_of_itself() -> None:
    sign_in = SignIn("ada", "hidden")
    assert "hidden" not in repr(sign_in) + str(sign_in)
    assert "ada" not in repr(sign_in)


def test_resealing_every_row(db: None, settings: Any) -> None:
    settings.SECRET_KEY, settings.ROPEWALK_OLD_SECRET_KEYS = "first", ()
    projects = [builders.make_project() for _ in range(3)]
    for project in projects[:2]:
        sealed = SignIn("ada", f"token {project.pk}").sealed(purpose=IMPORT_PURPOSE, project_id=project.pk)
        ImportSource.objects.create(project=project, url="https://example.org/a.git", sign_in=sealed)
    ImportSource.objects.create(project=projects[2], url="https://example.org/a.git")
    settings.SECRET_KEY, settings.ROPEWALK_OLD_SECRET_KEYS = "second", ("first",)
    out = StringIO()
    call_command("reseal_credentials", stdout=out)
    assert out.getvalue().startswith("2 resealed, 0 were")
    settings.ROPEWALK_OLD_SECRET_KEYS = ()
    for project in projects[:2]:
        row = ImportSource.objects.for_project(project.pk).get()
        assert f"token {project.pk}" in unseal(row.sign_in, purpose=IMPORT_PURPOSE, project_id=project.pk)
    settings.SECRET_KEY = "third"
    with pytest.raises(CommandError, match="ImportSource"):
        call_command("reseal_credentials", stdout=out)
