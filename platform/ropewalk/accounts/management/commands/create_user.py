"""``manage.py create_user NAME --password … [--email …] [--admin]``: for scripts and the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ropewalk.accounts.services import create_user
from ropewalk.core.errors import RopewalkError


class Command(BaseCommand):
    """Create a user in the running instance of ``ROPEWALK_HOME``."""

    help = "Create a user. The password rules of the sign-up page are not applied: the operator decides."
    requires_system_checks = ()  # they load every page's code, for three times the wait

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name")
        parser.add_argument("--password", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument("--admin", action="store_true", help="may use /admin and see everything there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, or fail with one line."""
        try:
            user = create_user(
                username=options["name"],
                password=options["password"],
                email=options["email"],
                is_admin=options["admin"],
                check=False,
                email_verified=True,
            )
        except RopewalkError as error:
            raise CommandError(f"{error.message} {error.hint}".strip()) from None
        self.stdout.write(f"Created user {user.username}.")
