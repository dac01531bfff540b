"""Ropewalk: git, DVC and MLflow laid into one project."""

__version__ = "0.1.0"
