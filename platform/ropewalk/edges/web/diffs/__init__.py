"""Pages that say what changed: a commit, two revisions, one file."""
