"""Pages of drift reports."""
