"""``manage.py serve_ssh``: git over SSH, in the foreground until SIGTERM; the launcher runs it."""

import asyncio
import logging
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ropewalk.edges.ssh import server


class Command(BaseCommand):
    """The SSH server."""

    help = "Serve git over SSH on ROPEWALK_SSH_PORT."
    requires_system_checks = ()  # they load every page's code, which this process never runs

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal."""
        if not settings.ROPEWALK_SSH_PORT:
            raise CommandError("SSH is off. Name a port: ROPEWALK_SSH_PORT=2222")
        logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it tells of every packet of a handshake
        try:
            asyncio.run(_run())
        except OSError as error:
            raise CommandError(f"The SSH server can't listen: {error}") from None


async def _run() -> None:
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, until.set)
    await server.serve(until)
