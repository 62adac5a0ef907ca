from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_functions"), ("boards", "0003_members")]
    operations = [sql_file(__file__, "functions.sql"), sql_file(__file__, "access.sql")]
