"""The key pair of a token: it stands for its token, ends with it, and outlives a change of the server's key."""

from datetime import timedelta
from typing import Any

import pytest

from ropewalk.accounts import credentials, s3_keys, services
from ropewalk.accounts.models import AccessToken
from ropewalk.core import clock
from tests.factories.builders import make_user

pytestmark = pytest.mark.django_db


def made(**more: Any) -> tuple[AccessToken, str]:
    return services.create_token(user_id=make_user().pk, name="n", scopes=["read"], **more)


def test_it_stands_for_its_token_while_that_lasts() -> None:
    token, secret = made()
    other, _ = made()
    pair = s3_keys.pair_of(token.pk, token.digest)
    assert pair.secret not in repr(pair)
    key = credentials.find_s3_key(pair.key_id)
    assert key is not None and key.secrets == (pair.secret,) and not key.bare
    assert (key.credential.user_id, key.credential.scopes) == (token.user_id, {"read"})
    assert s3_keys.pair_of(other.pk, other.digest).secret != pair.secret
    bare = credentials.find_s3_key(secret)
    assert bare is not None and bare.bare and bare.secrets == (secret,)
    services.revoke_token(user_id=token.user_id, token_id=token.pk)
    assert credentials.find_s3_key(pair.key_id) is None
    assert credentials.find_s3_key(secret) is None


def test_only_who_proves_it_leaves_a_trace() -> None:
    token, _ = made()
    key = credentials.find_s3_key(s3_keys.pair_of(token.pk, token.digest).key_id)
    assert key is not None
    token.refresh_from_db()
    assert token.last_used_at is None
    credentials.note_s3_use(key)
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_expired_and_unknown_keys() -> None:
    token, _ = made(expires_at=clock.now() + timedelta(hours=1))
    AccessToken.objects.filter(pk=token.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    for key_id in (
        s3_keys.pair_of(token.pk, token.digest).key_id,
        "RWK" + "9" * 17,
        "RWK1",
        "AKIA",
        "rw_no",
        "",
    ):
        assert credentials.find_s3_key(key_id) is None


def test_a_pair_outlives_a_change_of_the_servers_key(settings: Any) -> None:
    token, _ = made()
    before = s3_keys.pair_of(token.pk, token.digest)
    settings.ROPEWALK_OLD_SECRET_KEYS, settings.SECRET_KEY = (settings.SECRET_KEY,), "another" * 9
    key = credentials.find_s3_key(before.key_id)
    assert key is not None and before.secret in key.secrets
    assert s3_keys.pair_of(token.pk, token.digest).secret != before.secret
    settings.ROPEWALK_OLD_SECRET_KEYS = ()
    assert before.secret not in credentials.find_s3_key(before.key_id).secrets  # type: ignore[union-attr]
