from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("credits", "0005_paid_until"), ("organizations", "0004_workspaces")]
    operations = [sql_file(__file__, "takeout.sql"), sql_file(__file__, "ending.sql")]
