"""``manage.py reseal_credentials``: after a change of ``ROPEWALK_SECRET_KEY``, brings stored sign-ins under the present key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.core.sealing import SealBroken, SealedField, resealed


class Command(BaseCommand):
    """Walk every sealed field of every model, a row at a time."""

    help = "Bring stored sign-ins under the present ROPEWALK_SECRET_KEY; then ROPEWALK_OLD_SECRET_KEYS can be emptied."
    requires_system_checks = ()  # they load every page's code, for three times the wait

    def handle(self, *args: Any, **options: Any) -> None:
        """Reseal; fails at the end when some could not be opened, which are left as they are."""
        done = current = 0
        broken: list[str] = []
        for model in apps.get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, SealedField):
                    continue
                keys = _rows(model).exclude(**{field.attname: ""}).values_list("pk", flat=True)
                for pk in list(keys):
                    try:
                        changed = _reseal(model, field, pk)
                    except SealBroken:
                        broken.append(f"{model._meta.label} {pk}")
                        continue
                    done, current = done + changed, current + (not changed)
        self.stdout.write(f"{done} resealed, {current} were already under the present key.")
        if broken:
            raise CommandError(
                "No key opens these; their people must enter them again: " + ", ".join(broken[:100])
            )


def _rows(model: type[models.Model]) -> "models.QuerySet[models.Model]":
    """Such a model belongs to a project, so it has the fail-closed manager."""
    scoped = model._meta.managers_map["objects"]
    if not isinstance(scoped, ProjectScopedManager):
        raise TypeError(f"{model.__name__} has a sealed field and no ProjectScopedManager")
    return scoped.unscoped("the key of all projects changed")


@transaction.atomic
def _reseal(model: type[models.Model], field: SealedField, pk: Any) -> bool:
    row = _rows(model).select_for_update().filter(pk=pk).first()
    sealed = getattr(row, field.attname) if row is not None else ""
    if not sealed:  # forgotten meanwhile
        return False
    fresh = resealed(sealed, purpose=field.purpose, project_id=row.project_id)  # type: ignore[union-attr]  # such a model has a project
    if fresh is None:
        return False
    _rows(model).filter(pk=pk).update(**{field.attname: fresh})
    return True
