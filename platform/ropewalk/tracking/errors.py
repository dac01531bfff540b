"""Errors of the tracking reads; each may be shown."""

from ropewalk.core.errors import Invalid


class InvalidFilter(Invalid):
    """A run filter or sort order cannot be understood; the message says where and what would be."""

    code = "invalid_filter"
