"""``manage.py create_token USER --name … --scopes admin|write|read``: prints the token alone."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ropewalk.accounts.selectors import user_by_name
from ropewalk.accounts.services import create_token
from ropewalk.accounts.types import SCOPES
from ropewalk.core import clock
from ropewalk.core.errors import RopewalkError


class Command(BaseCommand):
    """Create an access token in the running instance of ``ROPEWALK_HOME``."""

    help = "Create an access token for a user and print it alone."
    requires_system_checks = ()  # they load every page's code, for three times the wait

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("user")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--scopes", default="write", choices=SCOPES, help="the strongest right that it carries"
        )
        parser.add_argument("--days", type=int, default=0, help="expires after so many days; 0 means never")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create, or fail with one line."""
        user = user_by_name(options["user"])
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        scopes = list(SCOPES[: SCOPES.index(options["scopes"]) + 1])
        expires = clock.now() + timedelta(days=options["days"]) if options["days"] > 0 else None
        try:
            _, secret = create_token(user_id=user.id, name=options["name"], scopes=scopes, expires_at=expires)
        except RopewalkError as error:
            raise CommandError(error.message) from None
        self.stdout.write(secret)
