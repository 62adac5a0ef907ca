from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """A board that ends takes with it what models have written on it."""

    dependencies = [("boards", "0004_life"), ("generation", "0010_texts")]
    operations = [sql_file(__file__, "life.sql"), sql_file(__file__, "reading.sql")]
