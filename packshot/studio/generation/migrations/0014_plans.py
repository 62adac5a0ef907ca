from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """As many jobs at once as the plan allows."""

    dependencies = [("generation", "0013_ending"), ("billing", "0002_functions")]
    operations = [sql_file(__file__, "queue.sql")]
