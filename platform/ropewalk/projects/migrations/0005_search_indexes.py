"""Projects by a part of their name or description, see the accounts' migration of this name."""

from django.db import migrations


class Migration(migrations.Migration):
    """Trigrams of what a search looks at."""

    dependencies = [("projects", "0004_mirror_of"), ("accounts", "0004_search_indexes")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX project_slug_words ON projects_project USING gin (upper(slug::text) gin_trgm_ops)",
            "DROP INDEX project_slug_words",
        ),
        migrations.RunSQL(
            "CREATE INDEX project_description_words ON projects_project "
            "USING gin (upper(description::text) gin_trgm_ops)",
            "DROP INDEX project_description_words",
        ),
        # The planner knows nothing of a new expression until then, and would rather read everything.
        migrations.RunSQL("ANALYZE projects_project", migrations.RunSQL.noop),
    ]
