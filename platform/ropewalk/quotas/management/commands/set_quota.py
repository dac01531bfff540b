"""``manage.py set_quota OWNER[/PROJECT] [SIZE|none|default]``: show or set how much a project, or an owner, may store."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ropewalk.accounts.models import Owner
from ropewalk.core.errors import RopewalkError
from ropewalk.projects.models import Project
from ropewalk.quotas.selectors import owner_limit, project_limit
from ropewalk.quotas.services import set_owner_quota, set_project_quota
from ropewalk.quotas.types import Limit, parse_size, size_text


class Command(BaseCommand):
    """Set a limit in the running instance of ``ROPEWALK_HOME``."""

    help = "Show or set how much a project, or all projects of an owner, may store."
    requires_system_checks = ()  # they load every page's code, for three times the wait

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("whose", help="OWNER or OWNER/PROJECT")
        parser.add_argument(
            "limit", nargs="?", default="", help="like 50GB; none: any amount; default: as the settings say"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Set and show, or fail with one line."""
        owner_name, _, slug = options["whose"].partition("/")
        owner = Owner.objects.filter(slug__iexact=owner_name).first()
        if owner is None:
            raise CommandError(f"There is no owner {owner_name}.")
        project_id = self._project(owner, slug) if slug else None
        if word := options["limit"].strip().lower():
            try:
                limit = None if word in {"none", "default"} else parse_size(word)
            except RopewalkError as error:
                raise CommandError(f"{error.message} {error.hint}") from None
            if project_id is None:
                set_owner_quota(owner_id=owner.pk, limit=limit, default=word == "default")
            else:
                set_project_quota(project_id=project_id, limit=limit, default=word == "default")
        found = owner_limit(owner.pk) if project_id is None else project_limit(project_id)
        self.stdout.write(_told(found))

    def _project(self, owner: Owner, slug: str) -> int:
        found = Project.objects.filter(owner=owner, slug__iexact=slug, deleted_at__isnull=True).first()
        if found is None:
            raise CommandError(f"{owner.slug} has no project {slug}.")
        return int(found.pk)


def _told(limit: Limit) -> str:
    most = "any amount" if limit.most is None else size_text(limit.most)
    how = "set for it alone" if limit.own else "as the settings say"
    return f"{limit.whose} may store {most} ({how}); {size_text(limit.used)} are used."
