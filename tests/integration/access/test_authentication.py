"""Who a request speaks for: every form of credentials that the clients send (contracts: git, DVC, MLflow, dagshub)."""

import base64
from datetime import timedelta

import pytest
from django.test import RequestFactory

from ropewalk.access.authentication import actor_of, client_address
from ropewalk.access.types import Actor
from ropewalk.accounts import credentials, services
from ropewalk.accounts.models import AccessToken
from ropewalk.core import clock
from ropewalk.core.errors import Busy, Unauthenticated
from tests.factories.builders import make_project, make_token, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"


@pytest.fixture(autouse=True)
def _empty_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from django.core.cache import cache

    cache.clear()


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def ask(authorization: str) -> Actor:
    return actor_of(RequestFactory().get("/", HTTP_AUTHORIZATION=authorization, REMOTE_ADDR="192.0.2.1"))


def test_every_form_that_clients_send_is_accepted():
    anna = make_user("Anna", password=PASSWORD, email="anna@example.org")
    token = make_token(anna)
    forms = {
        "user, password": basic("Anna", PASSWORD),
        "user in other case, password": basic("aNNA", PASSWORD),
        "e-mail, password": basic("anna@example.org", PASSWORD),
        "user, token": basic("Anna", token),
        "user in other case, token": basic("anna", token),
        "the word token, token": basic("token", token),
        "nothing, token": basic("", token),
        "token, nothing": basic(token, ""),
        "token, token": basic(token, token),
        "token, anything": basic(token, "x-oauth-basic"),
        "bearer": f"Bearer {token}",
        "bearer in other case": f"bearer {token}",
        "token scheme": f"Token {token}",
    }
    assert {name: ask(form).user_id for name, form in forms.items()} == dict.fromkeys(forms, anna.pk)


@pytest.mark.parametrize(
    "wrong",
    [
        basic("Anna", "wrong"),
        basic("nobody", PASSWORD),
        basic("", PASSWORD),
        basic("Anna", ""),
        basic("", ""),
        basic("An\0na", PASSWORD),
        basic("an\0na@example.org", PASSWORD),
        "Basic !!!",
        "Basic",
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Bearer",
        "Bearer rw_unknown",
        "Bearer " + PASSWORD,
        "Bearer rw_\udce9",
        "Digest username=Anna",
        "Negotiate abc",
    ],
)
def test_wrong_credentials_are_refused_and_never_fall_back_to_anonymous(wrong):
    make_user("Anna", password=PASSWORD, email="anna@example.org")
    with pytest.raises(Unauthenticated):
        ask(wrong)


def test_a_token_under_somebody_elses_name_is_refused():
    token = make_token(make_user("anna"))
    make_user("berta")
    with pytest.raises(Unauthenticated):
        ask(basic("berta", token))


def test_without_credentials_it_is_anonymous():
    assert actor_of(RequestFactory().get("/")) == Actor()


def test_a_token_brings_its_scopes_and_its_project_but_a_password_everything():
    anna = make_user("anna", password=PASSWORD)
    project = make_project(owner=anna)
    limited = ask(f"Bearer {make_token(anna, 'read', project=project)}")
    assert (limited.scopes, limited.project_id, limited.via) == (frozenset({"read"}), project.pk, "bearer")
    whole = ask(basic("anna", PASSWORD))
    assert (whole.scopes, whole.project_id, whole.token_id) == (
        frozenset({"read", "write", "admin"}),
        None,
        None,
    )


def test_the_next_request_after_revocation_is_refused():
    anna = make_user("anna")
    token = make_token(anna)
    ask(f"Bearer {token}")
    services.revoke_token(user_id=anna.pk, token_id=AccessToken.objects.get().pk)
    for form in (f"Bearer {token}", basic("anna", token), basic(token, "")):
        with pytest.raises(Unauthenticated):
            ask(form)


def test_a_revocation_in_another_process_counts_at_once():
    anna = make_user("anna")
    token = make_token(anna)
    ask(f"Bearer {token}")
    AccessToken.objects.update(revoked_at=clock.now())  # as another process would, without our memory
    with pytest.raises(Unauthenticated):
        ask(f"Bearer {token}")


def test_an_expired_token_is_refused(monkeypatch):
    anna = make_user("anna")
    _, token = services.create_token(
        user_id=anna.pk, name="t", scopes=["read"], expires_at=clock.now() + timedelta(minutes=5)
    )
    ask(f"Bearer {token}")
    later = clock.now() + timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Unauthenticated):
        ask(f"Bearer {token}")


def test_a_disabled_user_is_refused_by_token_and_by_remembered_password():
    anna = make_user("anna", password=PASSWORD)
    token = make_token(anna)
    ask(f"Bearer {token}")
    ask(basic("anna", PASSWORD))
    anna.is_active = False
    anna.save()
    for form in (f"Bearer {token}", basic("anna", PASSWORD)):
        with pytest.raises(Unauthenticated):
            ask(form)


def test_a_changed_password_ends_the_remembered_one():
    anna = make_user("anna", password=PASSWORD)
    ask(basic("anna", PASSWORD))
    anna.set_password("another long pass phrase")
    anna.save()
    with pytest.raises(Unauthenticated):
        ask(basic("anna", PASSWORD))
    assert ask(basic("anna", "another long pass phrase")).user_id == anna.pk


def test_a_remembered_password_costs_no_second_slow_hash(monkeypatch):
    make_user("anna", password=PASSWORD)
    ask(basic("anna", PASSWORD))
    monkeypatch.setattr(credentials, "check_password", lambda *_: pytest.fail("hashed again"))
    assert ask(basic("anna", PASSWORD)).username == "anna"


def test_an_unknown_name_costs_the_same_slow_hash_as_a_known_one(monkeypatch):
    hashed = []
    monkeypatch.setattr(credentials, "make_password", hashed.append)
    with pytest.raises(Unauthenticated):
        ask(basic("nobody", PASSWORD))
    assert hashed == [PASSWORD]


def test_an_address_that_two_accounts_claim_names_none_of_them():
    make_user("anna", password=PASSWORD, email="anna@example.org")
    make_user("mallory", password="mallory's pass phrase", email="anna@example.org")
    for password in (PASSWORD, "mallory's pass phrase"):
        with pytest.raises(Unauthenticated):
            ask(basic("anna@example.org", password))
    assert ask(basic("anna", PASSWORD)).username == "anna"


def test_guessing_is_stopped_for_the_guesser_but_not_for_the_owner_elsewhere():
    make_user("anna", password=PASSWORD)
    for _ in range(credentials.FAILURES_OF_PAIR):
        with pytest.raises(Unauthenticated):
            ask(basic("anna", "guess"))
    with pytest.raises(Busy):
        ask(basic("anna", PASSWORD))
    assert credentials.check_user_password("anna", PASSWORD, "198.51.100.7") is not None


def test_one_address_can_not_try_many_names():
    for number in range(credentials.FAILURES_OF_ADDRESS):
        assert credentials.check_user_password(f"name{number}", "guess", "192.0.2.9") is None
    with pytest.raises(Busy):
        credentials.check_user_password("another", "guess", "192.0.2.9")


def test_many_addresses_can_not_try_one_name(monkeypatch):
    monkeypatch.setattr(credentials, "FAILURES_OF_NAME", 12)
    for number in range(12):
        assert credentials.check_user_password("anna", "guess", f"198.51.100.{number}") is None
    with pytest.raises(Busy):
        credentials.check_user_password("anna", "guess", "203.0.113.1")


def test_tokens_are_never_limited():
    anna = make_user("anna")
    token = make_token(anna)
    for _ in range(credentials.FAILURES_OF_PAIR + 1):
        try:
            ask(basic("anna", "guess"))
        except (Unauthenticated, Busy):
            continue
    assert ask(basic("anna", token)).user_id == anna.pk


def test_last_use_is_noted_once_a_minute(monkeypatch):
    token = make_token(make_user("anna"))
    start = clock.now()
    seen = []
    for seconds in (0, 30, 59, 61):
        monkeypatch.setattr(clock, "now", lambda at=start + timedelta(seconds=seconds): at)
        ask(f"Bearer {token}")
        seen.append((AccessToken.objects.get().last_used_at - start).total_seconds())
    assert seen == [0, 0, 0, 61]


def test_a_token_costs_one_query_and_none_more_when_it_was_just_used(django_assert_num_queries):
    token = make_token(make_user("anna"))
    ask(f"Bearer {token}")
    with django_assert_num_queries(1):
        ask(f"Bearer {token}")


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "203.0.113.5", "192.0.2.1"),  # nobody declared a proxy: the header is the client's own word
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "10.9.9.9, 203.0.113.5", "203.0.113.5"),  # the client wrote the first part
        (2, "203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_the_clients_address_trusts_only_declared_proxies(settings, hops, forwarded, expected):
    settings.ROPEWALK_TRUSTED_PROXIES = hops
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == expected
