"""The composition root: environment, settings, URLs and the WSGI entry."""
