"""What is stored and what may be: a project's and an owner's pages."""
