"""Buckets of other S3 services that a project reads: whose they are stays theirs, nothing is kept but the address and a key."""
