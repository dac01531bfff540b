"""Two versions of a table: its columns, which rows came, went and changed, and in which cells; out of core, by DuckDB."""
