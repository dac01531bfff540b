"""What allauth asks us: whether signing up is open, and how a new user is saved."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ropewalk.accounts.models import User
from ropewalk.accounts.names import matching_name
from ropewalk.accounts.selectors import name_is_free
from ropewalk.accounts.services import save_new_user
from ropewalk.core import audit
from ropewalk.core.errors import RopewalkError


class AccountAdapter(DefaultAccountAdapter):
    """A new person gets their owner row in the same transaction."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The operator may close signing up (``ROPEWALK_SIGNUP_OPEN``)."""
        return bool(settings.ROPEWALK_SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The user name must also be free among organizations."""
        name: str = super().clean_username(username, shallow=shallow)
        if not shallow and not name_is_free(name):
            raise ValidationError("This name is taken. Choose another one.")
        return name

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Fill the user from the form, then insert it with its owner."""
        super().save_user(request, user, form, commit=False)
        if commit:
            try:
                save_new_user(user)
            except RopewalkError as error:  # the name was taken between the form's check and the insert
                messages.error(request, error.message)
                raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_signup"))) from None
        return user

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Record the sign-in."""
        response: HttpResponse = super().post_login(request, user, **options)
        audit.record(
            "session.started", owner_id=user.owner_id, who=self._origin(request, user.pk, user.username)
        )
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure. The name only when it is one of ours: people type passwords into that field."""
        super().authentication_failed(request, **credentials)
        typed = str(credentials.get("username") or credentials.get("email") or "")
        known = User.objects.filter(matching_name("owner__slug", typed)).first()
        audit.record(
            "session.refused",
            subject=known.username if known else "",
            owner_id=known.owner_id if known else None,
            who=self._origin(request, None, ""),
        )

    def _origin(self, request: HttpRequest, user_id: int | None, name: str) -> audit.Origin:
        return audit.Origin(user_id, name, "session", str(self.get_client_ip(request) or ""))
