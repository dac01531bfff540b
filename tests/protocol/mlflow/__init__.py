"""The MLflow edge as its clients see it."""
