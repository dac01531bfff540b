"""What allauth asks us: whether signing up is open, and how a new user is saved."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ropewalk.accounts.models import Owner, User
from ropewalk.accounts.services import save_new_user


class AccountAdapter(DefaultAccountAdapter):
    """A new person gets their owner row in the same transaction."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The operator may close signing up (``ROPEWALK_SIGNUP_OPEN``)."""
        return bool(settings.ROPEWALK_SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The user name must also be free among organizations."""
        name: str = super().clean_username(username, shallow=shallow)
        if not shallow and Owner.objects.filter(slug__iexact=name).exists():
            raise ValidationError("This name is taken. Choose another one.")
        return name

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Fill the user from the form, then insert it with its owner."""
        super().save_user(request, user, form, commit=False)
        if commit:
            save_new_user(user)
        return user
