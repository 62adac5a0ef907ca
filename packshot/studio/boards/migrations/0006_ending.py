from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """Boards take their locks in the order in which memberships end; boards are taken out and end with a workspace."""

    dependencies = [("boards", "0005_texts"), ("organizations", "0004_workspaces")]
    operations = [sql_file(__file__, "members.sql"), sql_file(__file__, "ending.sql")]
