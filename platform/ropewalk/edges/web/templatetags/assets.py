"""Addresses of built files: ``{% asset "app.js" %}`` and ``{% icon "file" %}``."""

import json
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    for folder in settings.STATICFILES_DIRS:
        path = Path(folder) / "manifest.json"
        if path.exists():
            return dict(json.loads(path.read_text(encoding="utf-8")))
    return {}


@register.simple_tag
def asset(name: str) -> str:
    """The hashed address of a built file; empty when the front end was not built (tests of views)."""
    if settings.DEBUG:  # it may have been built again meanwhile
        _manifest.cache_clear()
        _address.cache_clear()
    return _address(name)


@lru_cache(maxsize=64)
def _address(name: str) -> str:
    built = _manifest().get(name)
    return static(built) if built else ""


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decorative unless it has a label."""
    return _drawn(asset("icons.svg"), name, label)


@lru_cache(maxsize=1024)
def _drawn(sprite: str, name: str, label: str) -> SafeString:
    """A page has hundreds of the same few."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, sprite, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sprite, name)
