"""Branches: the list, and making, renaming, deleting and restoring them."""
