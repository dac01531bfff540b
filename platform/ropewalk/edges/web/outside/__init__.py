"""Pages of connected buckets: settings, folders, files."""
