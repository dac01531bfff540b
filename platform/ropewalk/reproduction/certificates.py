"""A run's record as a signed JSON text, and what such a text is worth.

The signature is over the certificate without it, as JSON with sorted keys, no blanks and no escapes beyond JSON's own (UTF-8).
"""

import json
from typing import Any

from ropewalk.core import clock, signatures
from ropewalk.reproduction.grading import Facts, Reproducibility

MAX_BYTES = 64 << 10
_PURPOSE = "run certificate"
_VERSION = 1


def certificate(project: str, url: str, facts: Facts, found: Reproducibility) -> dict[str, Any]:
    """Who certifies what, when: the run, its commit, the state of each part, and the grade."""
    body: dict[str, Any] = {
        "version": _VERSION,
        "kind": "ropewalk-run-certificate",
        "issued_at": clock.now().replace(microsecond=0).isoformat(),
        "issuer": url,
        "project": project,
        "run_id": facts.run_id,
        "commit": facts.commit,
        "grade": found.grade,
        "points": [
            {"area": point.area, "state": point.state.value, "said": point.said} for point in found.points
        ],
        "params": dict(facts.params),
        "data": {"outputs": facts.outputs, "lacking": facts.lacking, "inputs": list(facts.inputs)},
        "commands": list(found.commands),
    }
    return {**body, "signature": signatures.sign(_plain(body), purpose=_PURPOSE)}


def checked(text: str) -> dict[str, Any] | None:
    """The certificate that a text holds, if this installation signed it just so; None otherwise."""
    if len(text) > MAX_BYTES:
        return None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not isinstance(given.get("signature"), str):
        return None
    body = {key: value for key, value in given.items() if key != "signature"}
    try:
        plain = _plain(body)
    except (ValueError, RecursionError):  # lone surrogates
        return None
    return body if signatures.verifies(plain, given["signature"], purpose=_PURPOSE) else None


def public_key() -> str:
    """The key that verifies certificates, in PEM."""
    return signatures.public_key(purpose=_PURPOSE)


def _plain(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
