"""Clients over SSH that are hostile, slow, many or idle: memory, connections and the database stay as they were."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncssh
import pytest

from tests.protocol.git.conftest import Git, Ssh, Stage
from tests.protocol.git.raw import packet
from tests.protocol.git.test_faults import eventually
from tests.protocol.git.test_memory import ALLOWED, _memory, _reset_peak

LARGE = 150 << 20


def server(stage: Stage) -> int:
    """The SSH server's process."""
    return stage.instance.pids("ssh")[0]


@contextmanager
def measured(stage: Stage) -> Iterator[None]:
    """The block costs the server less than a fixed amount of memory, however much passes through."""
    pid = server(stage)
    idle = _memory(pid, "VmRSS")
    _reset_peak(pid)
    yield
    grown = _memory(pid, "VmHWM") - idle
    print(f"\nSSH server: {grown >> 20} MiB more than {idle >> 20} MiB")
    assert grown < ALLOWED


@pytest.fixture(scope="module")
def large(stage: Stage, ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A public project with a pack of many megabytes, pushed over SSH in constant memory."""
    slug, git = stage.project(), Git(tmp_path_factory.mktemp("large"))
    git.run("init", "-q", "-b", "main")
    git.run("config", "core.bigFileThreshold", "1m")
    git.run("config", "core.compression", "0")
    git.commit("README.md", "# Small\n")
    git.run("push", "-q", ssh.url(slug), "main", **ssh.env("writer"))  # what is loaded late is loaded now
    for number in range(3):
        (git.folder / f"big{number}.bin").write_bytes(os.urandom(LARGE // 3))
    git.commit()
    with measured(stage):
        git.run("push", "-q", ssh.url(slug), "main", **ssh.env("writer"))
    return slug


def test_a_large_clone_costs_constant_memory(
    stage: Stage, ssh: Ssh, large: str, folder: Callable[[str], Git]
) -> None:
    with measured(stage):
        folder("away").run("clone", "-q", "--no-checkout", ssh.url(large), "copy", **ssh.env("reader"))


async def connect(ssh: Ssh, who: str = "reader") -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1", ssh.port, username="git", client_keys=[str(ssh.folder / who)], known_hosts=str(ssh.known),
        config=None, agent_path=None,
    )  # fmt: skip


async def until(condition: Callable[[], bool], patience: float = 60.0) -> bool:
    for _ in range(int(patience * 20)):
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


def test_a_client_that_promises_to_read_everything_and_does_not(stage: Stage, ssh: Ssh, large: str) -> None:
    """Its window is as large as the protocol allows: only the server's own bound keeps the pack out of its memory."""
    tip = stage.refs(large)["refs/heads/main"]
    asked = packet("command=fetch") + packet("object-format=sha1") + b"0001" + packet("no-progress")
    asked += packet(f"want {tip}\n") + packet("done\n") + b"0000"

    async def greedy() -> None:
        connection = await connect(ssh)
        channel, _ = await connection.create_session(
            asyncssh.SSHClientSession, f"git-upload-pack '/git-owner/{large}.git'", encoding=None,
            window=(1 << 32) - 1, env={"GIT_PROTOCOL": "version=2"},
        )  # fmt: skip
        connection._transport.pause_reading()  # type: ignore[attr-defined]
        channel.write(asked)
        assert await until(lambda: bool(git_processes(stage, large)))
        await asyncio.sleep(3)  # the time in which an unbounded server would read all of it
        assert git_processes(stage, large), "git waits for the client"
        connection.abort()

    with measured(stage):
        asyncio.run(greedy())
    assert eventually(lambda: not git_processes(stage, large)), "and ends with it"


def test_a_client_that_sends_against_its_window_is_cut_off(stage: Stage, ssh: Ssh, large: str) -> None:
    async def flood() -> None:
        connection = await connect(ssh, "writer")
        command = f"git-receive-pack '/git-owner/{large}.git'"
        channel, _ = await connection.create_session(asyncssh.SSHClientSession, command, encoding=None)
        old = stage.refs(large)["refs/heads/main"]
        line = f"{old} {'1' * 40} refs/heads/main\0report-status".encode()
        channel.write(packet(line) + b"0000PACK\0\0\0\2\0\0\0\1")
        receiving = await until(lambda: any("index-pack" in line for line in git_processes(stage, large)))
        assert receiving
        for pid in _pids(stage, large):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)  # git takes nothing now
        channel._send_window = 1 << 40  # type: ignore[attr-defined]  # what the server granted does not count

        async def send() -> None:
            for _ in range(600):
                channel.write(os.urandom(1 << 20))
                await asyncio.sleep(0.02)

        with pytest.raises((BrokenPipeError, ConnectionError)):
            await send()
        await connection.wait_closed()

    with measured(stage):
        asyncio.run(flood())
    for pid in _pids(stage, large):
        os.kill(pid, signal.SIGCONT)
    assert eventually(lambda: not git_processes(stage, large))


def git_processes(stage: Stage, slug: str) -> list[str]:
    """Command lines of what works in the server's repository."""
    found = []
    for pid in _pids(stage, slug):
        with suppress(OSError):  # it ended meanwhile
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace"))
    return found


def _pids(stage: Stage, slug: str) -> list[int]:
    repository, found = str(stage.repository(slug)), []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str((path / "cwd").readlink()).startswith(repository):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def database_sockets(pid: int) -> int:
    """Unix sockets that a process holds, those to the database among them."""
    ours = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    lines = Path("/proc/net/unix").read_text().splitlines()[1:]
    return len(ours & {f"socket:[{line.split()[6]}]" for line in lines})


def test_idle_sessions_hold_no_database_connection(stage: Stage, ssh: Ssh) -> None:
    pid = server(stage)
    assert ssh.run("reader", options=("-T",)).code == 0
    before = database_sockets(pid)  # those of the loop's own wake-up and of the job queue

    async def idle() -> None:
        several = [await connect(ssh) for _ in range(5)]
        sessions = [
            await connection.create_session(
                asyncssh.SSHClientSession, "git-upload-pack '/git-owner/public.git'", encoding=None
            )
            for connection in several
        ]
        assert await until(lambda: len(_pids(stage, "public")) >= 5)
        assert await until(lambda: database_sockets(pid) <= before)
        del sessions
        for connection in several:
            connection.abort()

    asyncio.run(idle())
    assert eventually(lambda: not _pids(stage, "public"))


def test_a_client_may_not_open_ever_more(stage: Stage, ssh: Ssh) -> None:
    async def many() -> None:
        connection = await connect(ssh)

        async def open_one() -> None:
            await connection.create_session(
                asyncssh.SSHClientSession, "git-upload-pack '/git-owner/public.git'", encoding=None
            )

        for _ in range(10):
            await open_one()
        with pytest.raises(asyncssh.ChannelOpenError):
            await open_one()
        connection.abort()

    asyncio.run(many())
    assert eventually(lambda: not _pids(stage, "public"))


def test_strangers_may_not_fill_the_house(stage: Stage, ssh: Ssh) -> None:
    async def many() -> None:
        opened = [await asyncio.open_connection("127.0.0.1", ssh.port) for _ in range(80)]
        ended = [asyncio.create_task(reader.read()) for reader, _ in opened]
        assert await until(lambda: sum(task.done() for task in ended) >= 16)
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*ended, return_exceptions=True)

    asyncio.run(many())
    assert eventually(lambda: ssh.run("reader", options=("-T",)).code == 0)


def test_the_host_key_is_private_and_stays(stage: Stage) -> None:
    folder = stage.instance.home / "ssh"
    assert {path.name for path in folder.iterdir()} == {"host_ed25519", "host_ed25519.pub"}
    assert (folder / "host_ed25519").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_stops_in_order_while_somebody_idles(stage: Stage, ssh: Ssh) -> None:
    """SIGTERM: connections that do nothing do not delay it, and the launcher starts another one."""
    pid = server(stage)
    line = [*ssh.command("writer"), "git@127.0.0.1", "git-receive-pack '/git-owner/public.git'"]
    client = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout is not None and client.stdout.read(4)
    os.kill(pid, signal.SIGTERM)
    assert eventually(lambda: not Path(f"/proc/{pid}").exists(), 30)
    client.communicate(timeout=30)
    assert client.returncode != 0
    assert eventually(lambda: ssh.run("writer", options=("-T",)).code == 0)
    assert server(stage) != pid
