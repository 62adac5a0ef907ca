from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """Whoever sends an upload again names its id."""

    dependencies = [("assets", "0013_ending")]
    operations = [sql_file(__file__, "functions.sql")]
