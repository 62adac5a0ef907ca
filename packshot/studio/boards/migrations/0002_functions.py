from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("boards", "0001_initial"), ("organizations", "0002_functions")]
    operations = [sql_file(__file__, "tables.sql"), sql_file(__file__, "boards.sql")]
