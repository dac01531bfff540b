"""Trigrams answer “contains” without reading the table. Django's ``icontains`` compares in upper case, so the indexes do."""

from django.db import migrations


class Migration(migrations.Migration):
    """Owners by a part of their name."""

    dependencies = [("accounts", "0003_former_owner_names")]

    operations = [
        # A trusted extension: whoever may create in the database may add it.
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        migrations.RunSQL(
            "CREATE INDEX owner_slug_words ON accounts_owner USING gin (upper(slug::text) gin_trgm_ops)",
            "DROP INDEX owner_slug_words",
        ),
        migrations.RunSQL(
            "CREATE INDEX owner_name_words ON accounts_owner USING gin (upper(display_name::text) gin_trgm_ops)",
            "DROP INDEX owner_name_words",
        ),
        # The planner knows nothing of a new expression until then, and would rather read everything.
        migrations.RunSQL("ANALYZE accounts_owner", migrations.RunSQL.noop),
    ]
