from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """A workspace is taken out and ends; the daily cleaning knows the files of takeouts."""

    dependencies = [("assets", "0012_functions"), ("organizations", "0004_workspaces")]
    operations = [sql_file(__file__, "orphans.sql"), sql_file(__file__, "ending.sql")]
