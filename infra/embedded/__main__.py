"""Command line: ``python -m infra.embedded up [--then COMMAND [--exit-after]]`` and ``python -m infra.embedded services``."""

import argparse
import sys

from infra.embedded.config import LaunchError
from infra.embedded.services import foreground
from infra.embedded.up import up


def main() -> int:
    """Parse, run, and turn a :class:`LaunchError` into one clear message."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.embedded", description="Run Ropewalk on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    starter = commands.add_parser(
        "up", help="PostgreSQL, Valkey, web, worker and beat in the foreground (Ctrl-C stops all)"
    )
    starter.add_argument(
        "--then", default="", metavar="COMMAND", help="run this once Ropewalk is ready, and go on serving"
    )
    starter.add_argument(
        "--exit-after", action="store_true", help="stop with the exit code of --then's command when it ends"
    )
    commands.add_parser(
        "services", help="only PostgreSQL and Valkey in a temporary home, their addresses printed; for tests"
    )
    arguments = parser.parse_args()
    try:
        if arguments.command == "services":
            return foreground()
        return up(then=arguments.then, exit_after=arguments.exit_after)
    except LaunchError as error:
        print(f"Ropewalk cannot start: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
