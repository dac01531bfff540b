"""What a person sees in the terminal: each program's lines behind its name, our own messages, and the ready line bare."""

import sys
import threading

_WIDTH = 8


class Console:
    """Line-wise output from several sources. A terminal that goes away silences it and stops nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._partial: dict[str, bytes] = {}
        self._alone = ""

    def leave_the_floor_to(self, name: str) -> None:
        """Print only this program's lines (each program's own log has the others'); an empty name lets all speak again."""
        self._alone = name

    def feed(self, name: str, data: bytes, *, bare: bool = False) -> None:
        """Take a piece of a program's output and print the lines that are complete; ``bare`` leaves the name away."""
        *lines, rest = (self._partial.pop(name, b"") + data).split(b"\n")
        if len(rest) > 16384:  # a program that never ends its line must not grow us
            lines.append(rest)
            rest = b""
        if rest:
            self._partial[name] = rest
        if self._alone and name != self._alone:
            return
        prefix = "" if bare else f"{name:<{_WIDTH}} | "
        self._print("".join(f"{prefix}{line.decode('utf-8', 'replace')}\n" for line in lines))

    def finish(self, name: str, *, bare: bool = False) -> None:
        """Print what a program that ended left without a line break."""
        if name in self._partial:
            self.feed(name, b"\n", bare=bare)

    def say(self, message: str) -> None:
        """A message of the launcher's own."""
        self._print("".join(f"{'ropewalk':<{_WIDTH}} | {line}\n" for line in message.splitlines()))

    def announce(self, line: str) -> None:
        """A line that scripts wait for: no prefix."""
        self._print(f"{line}\n")

    def _print(self, text: str) -> None:
        with self._lock:
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except (OSError, ValueError):
                pass
