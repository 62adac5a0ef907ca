from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial"), ("organizations", "0002_functions")]
    operations = [
        sql_file(__file__, "pgqueuer.sql"),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "queue.sql"),
        sql_file(__file__, "submit.sql"),
        sql_file(__file__, "claim.sql"),
        sql_file(__file__, "settle.sql"),
        sql_file(__file__, "control.sql"),
        sql_file(__file__, "upkeep.sql"),
    ]
