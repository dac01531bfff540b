"""Changing files of a branch from the pages: each change is a commit by the person who signed in."""
