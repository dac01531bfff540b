"""The search pages: what the palette finds, as pages that work without a script."""
