"""Django's entry for people and organizations."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, organizations, memberships, access tokens."""

    name = "ropewalk.accounts"
    label = "accounts"
