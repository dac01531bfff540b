"""Reads over MLflow's tables: experiments, runs, metrics, parameters, tags, artifacts, models. MLflow is never imported here."""
