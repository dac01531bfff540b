"""Pages of jobs: what workers do for a project."""
