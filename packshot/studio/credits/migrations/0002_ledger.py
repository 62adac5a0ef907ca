from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial"), ("organizations", "0002_functions")]
    operations = [
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "types.sql"),
        sql_file(__file__, "commands.sql"),
        sql_file(__file__, "rules.sql"),
        sql_file(__file__, "engine.sql"),
        sql_file(__file__, "apply.sql"),
        sql_file(__file__, "read.sql"),
        sql_file(__file__, "wrappers.sql"),
    ]
