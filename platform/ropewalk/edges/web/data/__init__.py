"""Pages of datasets and their versions."""
