"""git's own ends of the wire: one stateless exchange a process, as HTTP needs it, and a fetch in dialogue, as SSH has it."""

import mmap
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO

from ropewalk.repos import git, store
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.packs.cache import hook_configuration
from ropewalk.repos.rules import RefRule
from ropewalk.repos.services import pusher_environment

UPLOAD_PACK, RECEIVE_PACK = "git-upload-pack", "git-receive-pack"
SERVICES = (UPLOAD_PACK, RECEIVE_PACK)
_PATIENCE = 20.0
_PROTOCOL = re.compile(r"^version=[0-2](?::[a-z0-9=._-]{1,60}){0,4}$")


def protocol_environment(header: str, service: str) -> dict[str, str]:
    """``GIT_PROTOCOL`` from a client's ``Git-Protocol`` header; anything unusual is version 0, and pushes have no version 2."""
    if not _PROTOCOL.match(header) or (service == RECEIVE_PACK and header.startswith("version=2")):
        return {}
    return {"GIT_PROTOCOL": header}


def advertise(project_id: int, service: str, protocol: str, *, named: bool = True) -> Iterator[bytes]:
    """What a client reads first: refs and capabilities, in blocks; over HTTP the service is ``named`` before them."""
    env = protocol_environment(protocol, service)
    if named and env.get("GIT_PROTOCOL", "").partition(":")[0] != "version=2":
        line = f"# service={service}\n".encode()
        yield b"%04x" % (len(line) + 4) + line + b"0000"
    args = [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", "."]
    with git.Process(git.repository_path(project_id), args, env=env) as process:
        while block := process.read(idle=60):
            yield block
        if process.finish(timeout=10):
            raise GitFailed(f"{service}: {process.detail}")


def upload_pack(project_id: int, request: IO[bytes], protocol: str) -> git.Process:
    """A fetch: ``request`` is an open file with the whole request, which is small.

    Who says what they have asks for a pack that nobody else asks for: the pack cache's program need not even start.
    """
    args = ["upload-pack", "--stateless-rpc", "--strict", "."]
    env = protocol_environment(protocol, UPLOAD_PACK)
    config = () if _names_what_it_has(request) else hook_configuration(project_id)
    return git.Process(git.repository_path(project_id), args, stdin=request, env=env, config=config)


def _names_what_it_has(request: IO[bytes]) -> bool:
    """Whether a fetch's request has a ``have``, as git clients write it. One that is written otherwise the hook will find."""
    if not os.fstat(request.fileno()).st_size:
        return False
    with mmap.mmap(request.fileno(), 0, prot=mmap.PROT_READ) as seen:
        return seen.find(b"0032have ") >= 0


def upload_pack_dialogue(project_id: int, protocol: str) -> git.Process:
    """A fetch in which client and git talk in turns: write what the client says, read what git answers, until either ends."""
    env = protocol_environment(protocol, UPLOAD_PACK)
    config = hook_configuration(project_id)
    args = ["upload-pack", "--strict", "."]
    return git.Process(git.repository_path(project_id), args, stdin=git.PIPE, env=env, config=config)


class ReceivePack:
    """A push. No ref changes before :meth:`release` says ``ok``: our pre-receive hook waits at a pipe for that word.

    When this process dies, the pipe ends without the word and the push is refused by the hook. That the hook waits, it says
    through another pipe (:meth:`wait_until_read`): where a connection goes on after the pack, only git knows where it ends.
    """

    def __init__(
        self,
        project_id: int,
        *,
        pusher_id: int,
        pusher: str,
        max_bytes: int,
    ) -> None:
        directory = git.repository_path(project_id)
        gate, self._gate = os.pipe()
        self._bell, bell = os.pipe()
        self._ending = threading.Lock()
        self._rules = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the gate
        env = {
            **pusher_environment(pusher_id, pusher),
            "ROPEWALK_GATE": str(gate),
            "ROPEWALK_BELL": str(bell),
            "ROPEWALK_RULES": str(self._rules.fileno()),
        }
        config = (f"core.hooksPath={store.hooks_directory()}", f"receive.maxInputSize={max_bytes}")
        args = ["receive-pack", "--stateless-rpc", "."]
        try:
            self.process = git.Process(
                directory,
                args,
                stdin=git.PIPE,
                config=config,
                env=env,
                pass_fds=[gate, bell, self._rules.fileno()],
            )
        except BaseException:
            self._close_gate()
            self.close_bell()
            raise
        finally:
            os.close(gate)
            os.close(bell)

    def wait_until_read(self) -> bool:
        """Wait until git took the whole push and its hook asks for the word: True, or False when git ended without asking."""
        return os.read(self._bell, 1) != b""

    def close_bell(self) -> None:
        """Nobody waits any more."""
        if self._bell >= 0:
            os.close(self._bell)
            self._bell = -1

    def end_input(self) -> None:
        """The client sends no more; whether that was everything git finds out."""
        self.process.close_input()

    def release(self, verdict: str = "ok", rules: Sequence[RefRule] = ()) -> None:
        """Say ``ok`` with the rules that restrict its refs, or one line for the pusher: why it is refused. From any thread."""
        with self._ending:
            if self._gate < 0:
                return
            if verdict == "ok":
                self._rules.write("".join(["rules\n", *map(_rule_line, rules)]).encode())
                self._rules.flush()
            with suppress(OSError):  # git ended already
                os.write(self._gate, verdict.replace("\n", " ").encode()[:2000] + b"\n")
            self._close_gate()

    def shut(self) -> None:
        """No word will come: git refuses the push."""
        with self._ending:
            self._close_gate()

    def _close_gate(self) -> None:
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1
            self._rules.close()

    def abort(self) -> None:
        """End git without changing a ref.

        Its input simply ends, so that it fails by itself and removes its quarantine; killing it and its helpers at once can
        leave files behind. Somebody must be reading its output meanwhile.
        """
        self.shut()
        self.process.close_input()
        self.process.ended_within(_PATIENCE)
        self.process.kill()


def _rule_line(rule: RefRule) -> str:
    """One line of the file that the ``update`` hook reads. Names of refs have no spaces; nothing else may break a line."""
    text, hint = (" ".join(part.split()) for part in (rule.text, rule.hint))
    return f"{rule.kind} {rule.ref} {text}\t{hint}\n"
