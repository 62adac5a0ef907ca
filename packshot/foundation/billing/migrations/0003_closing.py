from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_functions"), ("organizations", "0004_workspaces")]
    operations = [sql_file(__file__, "closing.sql")]
