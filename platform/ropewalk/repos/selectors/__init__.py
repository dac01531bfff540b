"""Reads of repositories. Every function takes the project's id; who may see it was decided by the gate.

Names and paths that come back are untrusted text. All work is bounded in time and size.
"""

from ropewalk.repos.selectors.blame import IGNORE_FILE, blame
from ropewalk.repos.selectors.branches import (
    VIEWS,
    branch_page,
    branch_row,
    branch_sha,
    branch_tips,
    gone_branches,
    named_like,
    tip_commits,
    tip_page,
    views_of,
)
from ropewalk.repos.selectors.comparison import ahead_behind, apart_from, commits_between, generated
from ropewalk.repos.selectors.contributors import activity, activity_key, monday
from ropewalk.repos.selectors.diffs import changes, commit_diff, diff
from ropewalk.repos.selectors.editing import exists
from ropewalk.repos.selectors.file_history import file_history
from ropewalk.repos.selectors.history import (
    commit,
    commits,
    commits_by_sha,
    count,
    is_ancestor,
    merge_base,
)
from ropewalk.repos.selectors.import_sources import import_job, import_sign_in, import_source
from ropewalk.repos.selectors.last_commits import folder_key, last_commits
from ropewalk.repos.selectors.mirrors import mirror_by_hook, mirror_sign_in, pull_mirror
from ropewalk.repos.selectors.protections import (
    protection_by_id,
    protection_by_pattern,
    protections,
    ref_rules,
    require_allowed,
)
from ropewalk.repos.selectors.push_mirrors import push_mirror, push_mirrors, push_mirrors_full
from ropewalk.repos.selectors.pushes import push_by_id, pushes
from ropewalk.repos.selectors.revisions import (
    branch_at,
    branch_names,
    commit_exists,
    default_branch,
    resolve,
    state,
    tag_names,
)
from ropewalk.repos.selectors.submodules import submodule_url
from ropewalk.repos.selectors.tags import nearest_tag, tag, tags, tags_before, tags_by_name
from ropewalk.repos.selectors.text_diffs import text_diff
from ropewalk.repos.selectors.trees import (
    blob,
    blobs,
    entry,
    file_names,
    listing,
    read_blob,
    sized,
    tree,
    walk,
)

__all__ = [
    "IGNORE_FILE",
    "VIEWS",
    "activity",
    "activity_key",
    "ahead_behind",
    "apart_from",
    "blame",
    "blob",
    "blobs",
    "branch_at",
    "branch_names",
    "branch_page",
    "branch_row",
    "branch_sha",
    "branch_tips",
    "changes",
    "commit",
    "commit_diff",
    "commit_exists",
    "commits",
    "commits_between",
    "commits_by_sha",
    "count",
    "default_branch",
    "diff",
    "entry",
    "exists",
    "file_history",
    "file_names",
    "folder_key",
    "generated",
    "gone_branches",
    "import_job",
    "import_sign_in",
    "import_source",
    "is_ancestor",
    "last_commits",
    "listing",
    "merge_base",
    "mirror_by_hook",
    "mirror_sign_in",
    "monday",
    "named_like",
    "nearest_tag",
    "protection_by_id",
    "protection_by_pattern",
    "protections",
    "pull_mirror",
    "push_by_id",
    "push_mirror",
    "push_mirrors",
    "push_mirrors_full",
    "pushes",
    "read_blob",
    "ref_rules",
    "require_allowed",
    "resolve",
    "sized",
    "state",
    "submodule_url",
    "tag",
    "tag_names",
    "tags",
    "tags_before",
    "tags_by_name",
    "text_diff",
    "tip_commits",
    "tip_page",
    "tree",
    "views_of",
    "walk",
]
