"""How a story is written, told to a server, and how two servers' answers are made comparable.

A step is ``ok("POST runs/create", body, run="run.info.run_id")`` or ``bad("POST runs/create", body, "CODE: how its message
begins")``. Paths are below ``/api/2.0/mlflow/``; ``3:traces`` is below ``/api/3.0/mlflow/``, a leading slash is the server's
root. A body of bytes is sent as it is; that of a GET is its query. ``{name}`` stands for what an earlier step kept under that
name, ``{long:N}`` for N letters.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

# What the contract says a code's HTTP status is. "409" and "404" of other answers are written as numbers.
STATUSES = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "INVALID_STATE": 500,
    "INTERNAL_ERROR": 500,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "NOT_IMPLEMENTED": 501,
}
# Why an answer of ours is another.
STATEMENT = "stock quotes its SQL statement, which would tell of other projects' workspaces"
PAGE = "stock fails with a page, which its clients send again for minutes"
DIGEST = re.compile(r"^[0-9a-f]{8}$")  # of an evaluation data set: made from its id and the time
HEX_ID = re.compile(r"\b((?:[a-z]{1,3}-)?[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
RUN_NAME = re.compile(r"^[a-z]+-[a-z]+-\d{1,4}$")
SET = re.compile(r"\{'[^{}]*'\}")  # Python prints the members of a set in any order
INSTANT = re.compile(r"^20\d\d-\d\d-\d\dT[\d:.]+Z$")


@dataclass
class Server:
    """One tracking server."""

    name: str
    url: str
    auth: tuple[str, str] | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def send(self, step: "Step", known: Mapping[str, str]) -> requests.Response:
        """One step's request."""
        method, _, path = filled(step.call, known).partition(" ")
        version, _, rest = path.rpartition(":") if path[1:2] == ":" else ("2", "", path)
        address = self.url + (rest if rest.startswith("/") else f"/api/{version}.0/mlflow/{rest}")
        body = step.body if isinstance(step.body, bytes) else filled(step.body, known)
        sent: dict[str, Any] = {
            "headers": {"Content-Type": "application/json", **filled(dict(step.headers), known)}
        }
        if isinstance(body, bytes):
            sent["data"] = filled(body.decode("latin-1"), known).encode("latin-1")
        elif method == "GET":
            sent["params"] = body
        elif body is not None:
            sent["data"] = json.dumps(body).encode()
        return self.session.request(
            method, address, auth=self.auth, timeout=120, allow_redirects=False, **sent
        )


@dataclass(frozen=True)
class Step:
    """One request and what must come back; ``ours`` is what Ropewalk says instead, for the reason ``why``.

    ``shows`` names the answer's headers that must be alike.
    """

    call: str
    body: Any = None
    says: str = "200"
    keeps: Mapping[str, str] = field(default_factory=dict)
    has: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    ours: str = ""
    why: str = ""


@dataclass(frozen=True)
class Telling:
    """What came back: comparable answers, and each one that was not what the story says."""

    answers: tuple[Any, ...]
    wrong: tuple[str, ...]


def ok(
    call: str,
    body: Any = None,
    *,
    has: Mapping[str, Any] | None = None,
    shows: tuple[str, ...] = (),
    why: str = "",
    **keeps: str,
) -> Step:
    """A request that succeeds; ``has`` are values by their dotted place, ``keeps`` names places for later steps."""
    return Step(call, body, keeps=keeps, has=has or {}, shows=shows, why=why)


def bad(call: str, body: Any, says: str, *, ours: str = "", why: str = "") -> Step:
    """A request that is refused."""
    return Step(call, body, says, ours=ours, why=why)


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """``value`` with its placeholders replaced, all the way down."""
    if isinstance(value, dict):
        return {filled(name, known): filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if not isinstance(value, str):
        return value
    text = re.sub(r"\{long:(\d+)\}", lambda found: "x" * int(found[1]), value)
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], found[0]), text)


def plain(header: str) -> str:
    """A header without what may be written or not: quotes, and that a text is UTF-8."""
    return header.replace('"', "").removesuffix("; charset=utf-8")


def at(value: Any, place: str) -> Any:
    """What is at a dotted place (``runs.0.info.run_id``; ``runs.#`` is how many); None where nothing is."""
    for part in place.split("."):
        if part == "#":
            value = len(value or [])
        elif isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def told(server: Server, steps: tuple[Step, ...]) -> Telling:
    """Tell a story to a server. Once only: what it makes has names."""
    known: dict[str, str] = {}
    answers, wrong = [], []
    for number, step in enumerate(steps):
        answer = server.send(step, known)
        try:
            value = answer.json()
        except ValueError:
            value = answer.text
        complaints = list(_complaints(server, step, answer.status_code, value, known))
        wrong += [f"{server.name} {number} {step.call} {str(step.body)[:200]}: {one}" for one in complaints]
        for kept, place in step.keeps.items():
            known[kept] = str(at(value, place))
        answers.append(
            (answer.status_code, value, *(plain(answer.headers.get(name, "")) for name in step.shows))
        )
    comparable = Comparable(known)
    return Telling(tuple(comparable(one) for one in answers), tuple(wrong))


def _complaints(
    server: Server, step: Step, status: int, value: Any, known: Mapping[str, str]
) -> Iterator[str]:
    wanted = filled(step.ours if step.ours and server.name == "ropewalk" else step.says, known)
    code, _, text = wanted.partition(": ")
    expected = STATUSES.get(code) or int(code)
    if status != expected:
        yield f"{status} instead of {expected}: {str(value)[:300]}"
        return
    if code in STATUSES:
        if not isinstance(value, dict) or value.get("error_code") != code:
            yield f"not {code}: {str(value)[:300]}"
        elif not value["message"].startswith(text):
            yield f"{value['message'][:300]!r} does not begin with {text!r}"
    if server.name == "ropewalk" and ("psycopg" in str(value) or "[SQL:" in str(value)):
        yield f"quotes a statement: {str(value)[:300]}"
    for place, one in step.has.items():
        if (found := at(value, place)) != filled(one, known):
            yield f"{place} is {found!r} instead of {filled(one, known)!r}"


class Comparable:
    """Answers without what differs between any two servers: ids, the present time, invented names."""

    def __init__(self, known: Mapping[str, str]) -> None:
        # An experiment's id is a number: only where it stands alone or in an address or a message about it.
        self.numbers = {
            value: name for name, value in known.items() if value.isdigit() and name.startswith("exp")
        }
        self.ids: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        """``value`` made comparable, all the way down."""
        if isinstance(value, dict):
            return {name: self._field(name, value[name]) for name in sorted(value)}
        if isinstance(value, list | tuple):
            return self._list([self(one) for one in value])
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and abs(value / 1000 - time.time()) < 86_400:
            return "<now>"
        return value

    def _field(self, name: str, value: Any) -> Any:
        if name == "workspace":  # a project is one here, so that it differs from stock's "default"
            return "<workspace>"
        if name == "experiment_id":  # of a scorer it is a number
            return self(str(value))
        # The data sets of a run come in no order.
        return sorted(self(value), key=str) if name == "dataset_inputs" else self(value)

    def _list(self, values: list[Any]) -> list[Any]:
        """Tags and the like have no order; the points of a history do."""
        keys = [one.get("key") if isinstance(one, dict) else None for one in values]
        if values and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
            return sorted(values, key=lambda one: str(one["key"]))
        return values

    def _text(self, text: str) -> str:
        if text in self.numbers:
            return f"<{self.numbers[text]}>"
        if RUN_NAME.match(text) or DIGEST.match(text):
            return "<made>"
        if INSTANT.match(text) and text[:4] == time.strftime("%Y", time.gmtime()):
            return "<now>"
        text = SET.sub(lambda found: str(sorted(found[0][1:-1].split(", "))), text)
        for number, name in self.numbers.items():
            text = re.sub(
                rf"((?<=[/='\"])|(?<=id )|(?<=experiment ))({number})(?=[/'\"\s]|\.?$)", f"<{name}>", text
            )
        return HEX_ID.sub(lambda found: self.ids.setdefault(found[1], f"<id{len(self.ids)}>"), text)
