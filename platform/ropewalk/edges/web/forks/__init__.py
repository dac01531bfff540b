"""Pages about forks of a project."""
