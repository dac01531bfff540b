"""The reproduce card, its certificate, and the page that checks one."""

import copy
import json
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ropewalk.projects.models import Project
from ropewalk.reproduction import certificates
from tests.factories.builders import make_project, make_user
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects

__all__ = ["mlflow_in_process", "objects"]


@pytest.fixture
def project(db: None, mlflow_in_process: None) -> Project:
    return make_project(owner=make_user(), visibility="public")


@pytest.fixture
def run(project: Project) -> str:
    tags = {"mlflow.source.git.commit": "a" * 40, "mlflow.source.name": "train.py; rm -rf ~"}
    return Logbook(project.pk).run(name="<b>one</b>", params={"random_state": "3"}, tags=tags)


def path_of(project: Project, run: str, rest: str) -> str:
    return f"/{project.owner.slug}/{project.slug}/runs/{run}/{rest}"


def issued(project: Project, run: str) -> dict:
    return Client().get(path_of(project, run, "certificate.json")).json()


def test_the_card_says_what_is_missing_and_how_to_record_it(project: Project, run: str) -> None:
    answer = Client().get(path_of(project, run, "reproduce"), {"fragment": "1"})
    text = answer.content.decode()
    assert answer.headers["X-Fragment"] == "1"
    assert "Commit aaaaaaaa was not pushed here." in text
    assert "git push origin HEAD" in text
    assert "random_state = 3" in text
    assert 'aria-label="Grade D"' in text
    assert "rm -rf" in text  # told as text; no command is offered without the code
    assert "Have it again" not in text
    page = Client().get(path_of(project, run, "reproduce")).content.decode()
    assert "&lt;b&gt;one" in page


def test_a_certificate_is_worth_what_it_says_and_no_more(project: Project, run: str) -> None:
    given = issued(project, run)
    assert (given["grade"], given["run_id"], given["params"]) == ("D", run, {"random_state": "3"})
    assert certificates.checked(json.dumps(given)) == {
        key: value for key, value in given.items() if key != "signature"
    }
    assert (
        certificates.checked(json.dumps(given, indent=3, sort_keys=True)) is not None
    )  # its layout does not matter
    for change in (
        {"grade": "A"},
        {"run_id": "b" * 32},
        {"more": 1},
        {"signature": "AAAA"},
        {"signature": 3},
    ):
        assert certificates.checked(json.dumps({**given, **change})) is None
    fewer = copy.deepcopy(given)
    fewer["points"].pop()
    assert certificates.checked(json.dumps(fewer)) is None


RUBBISH = [
    "",
    "[]",
    "3",
    "{",
    '{"signature": "é"}',
    "[" * 50_000,
    '{"signature":"x","a":"\\ud800"}',
    "x" * 70_000,
]


@pytest.mark.parametrize("text", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_no_certificate(text: str) -> None:
    assert certificates.checked(text) is None


def test_anybody_can_check_it_without_this_server(project: Project, run: str) -> None:
    given = issued(project, run)
    signature = b64decode(given.pop("signature"))
    plain = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    load_pem_public_key(certificates.public_key().encode()).verify(
        signature, plain
    )  # raises where it is not so


def test_an_old_key_still_verifies(project: Project, run: str, settings) -> None:
    given = issued(project, run)
    settings.ROPEWALK_OLD_SECRET_KEYS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert certificates.checked(json.dumps(given)) is not None
    settings.ROPEWALK_OLD_SECRET_KEYS = []
    assert certificates.checked(json.dumps(given)) is None


def test_the_page_checks_for_everybody(project: Project, run: str) -> None:
    given = json.dumps(issued(project, run))
    good = Client().post("/verify", {"certificate": given}).content.decode()
    assert "This server signed it" in good
    assert run in good
    bad = Client().post("/verify", {"certificate": given.replace('"D"', '"A"')}).content.decode()
    assert "did not sign this text" in bad
    assert "This server signed it" not in bad
    file = SimpleUploadedFile("run.json", given.encode())
    assert "This server signed it" in Client().post("/verify", {"file": file}).content.decode()
    large = SimpleUploadedFile("run.json", b" " * (1 << 20))
    assert Client().post("/verify", {"file": large}).status_code == 413
    assert Client().get("/verify").status_code == 200


def test_a_private_projects_run_is_not_there_for_strangers(mlflow_in_process: None, db: None) -> None:
    hidden = make_project(owner=make_user())
    run = Logbook(hidden.pk).run()
    for rest in ("reproduce", "certificate.json"):
        assert Client().get(path_of(hidden, run, rest)).status_code == 404
