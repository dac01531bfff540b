"""Reads over MLflow's tables: experiments, runs, metrics, parameters, tags, artifacts, models. MLflow itself is never imported here."""
