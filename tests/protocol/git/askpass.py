"""A person who types a user name and a password when git asks, and the list of what git asked."""

import shlex
from pathlib import Path


class Askpass:
    """Answers every question with one name or one password; :attr:`environment` makes git ask it."""

    def __init__(self, folder: Path, name: str, password: str) -> None:
        self._log = folder / "askpass.log"
        script = folder / "askpass.sh"
        script.write_text(
            "#!/bin/sh\n"
            f'printf "%s\\n" "$1" >>{shlex.quote(str(self._log))}\n'
            f'case "$1" in *sername*) echo {shlex.quote(name)};; *) echo {shlex.quote(password)};; esac\n'
        )
        script.chmod(0o755)
        self.environment = {"GIT_ASKPASS": str(script)}

    def asked(self) -> list[str]:
        """``user`` or ``password`` for each question since the last call."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return ["user" if "sername" in line else "password" for line in lines]
