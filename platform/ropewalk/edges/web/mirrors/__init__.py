"""Pages of mirrors: what a project follows, how that went, and asking for a sync."""
