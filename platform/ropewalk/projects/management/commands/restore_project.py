"""``manage.py restore_project OWNER/NAME|ID [--as NAME]``: bring a deleted project back within its grace time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ropewalk.core.errors import RopewalkError
from ropewalk.projects.selectors import deleted_projects, project_by_id
from ropewalk.projects.services import restore_project


class Command(BaseCommand):
    """Restore a project in the running instance of ``ROPEWALK_HOME``."""

    help = "Restore a deleted project, whole, until its grace time (ROPEWALK_PURGE_AFTER_DAYS) ends."
    requires_system_checks = ()  # they load every page's code, for three times the wait

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "project", help="OWNER/NAME, or the id when several deleted projects had the name"
        )
        parser.add_argument(
            "--as", dest="new_name", default="", help="a new name, when the old one was taken"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, or fail with one line."""
        project_id = self._id(options["project"])
        try:
            restore_project(project_id=project_id, new_name=options["new_name"])
        except RopewalkError as error:
            hint = (
                f"Add: --as NEW-NAME (its id is {project_id})." if error.code == "name_taken" else error.hint
            )
            raise CommandError(f"{error.message} {hint}".strip()) from None
        found = project_by_id(project_id)
        self.stdout.write(f"Restored {found.full_name if found else project_id}.")

    def _id(self, named: str) -> int:
        if named.isascii() and named.isdigit():
            return int(named)
        owner, _, slug = named.partition("/")
        found = [project for project in deleted_projects(owner, slug) if not project.purging]
        if not found:
            raise CommandError(f"No deleted project {named} can be restored.")
        if len(found) > 1:
            several = ", ".join(f"{one.id} (deleted {one.deleted_at:%Y-%m-%d %H:%M} UTC)" for one in found)
            raise CommandError(
                f"Several deleted projects had the name {named}. Name one by its id: {several}."
            )
        return found[0].id
