"""Pure computation: profiles, drift, run comparison. Knows neither Django nor Celery nor where bytes are kept."""
