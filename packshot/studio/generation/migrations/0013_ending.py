from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0012_member_caps"), ("organizations", "0004_workspaces")]
    operations = [sql_file(__file__, "ending.sql")]
