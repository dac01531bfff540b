"""Mergeable profiles of tables: one pass, bounded memory, a pure function of the file's content.

``merge(profile(a), profile(b)) == profile(a ++ b)``, so a data set of many files is described by its files' cached profiles.
"""

from workers.analysis.profile.limits import Limits
from workers.analysis.profile.table import PROFILE_VERSION, TableProfile, merge

__all__ = ["PROFILE_VERSION", "Limits", "TableProfile", "merge"]
