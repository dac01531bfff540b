"""The JSON API: DagsHub-compatible ``/api/v1`` and what the pages' own islands read."""
