"""Protocol tests: real clients and raw protocol requests."""
