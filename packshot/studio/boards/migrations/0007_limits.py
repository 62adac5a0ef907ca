from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """As many boards as the plan allows."""

    dependencies = [("boards", "0006_ending"), ("billing", "0002_functions")]
    operations = [sql_file(__file__, "boards.sql"), sql_file(__file__, "life.sql")]
