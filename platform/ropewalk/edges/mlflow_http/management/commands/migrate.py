"""``manage.py migrate``: MLflow's schema first (our migrations add indexes to it), then Django's."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate

from ropewalk.edges.mlflow_http import schema


class Command(DjangoMigrate):
    """Django's command, plus MLflow's own migrations in the same database."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate both; looking (``--plan``, ``--check``) and going back leave MLflow's schema alone."""
        looking = options.get("plan") or options.get("check_unapplied") or options.get("prune")
        forward = not looking and options.get("migration_name") != "zero"
        changed = forward and schema.migrate(options["database"])
        if changed and options["verbosity"] >= 1:
            self.stdout.write(f"  Migrated the schema of {schema.wanted()}")
        super().handle(*args, **options)
