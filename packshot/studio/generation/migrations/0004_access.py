from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0003_health"), ("boards", "0003_members")]
    operations = [
        sql_file(__file__, "submit.sql"),
        sql_file(__file__, "control.sql"),
        sql_file(__file__, "access.sql"),
    ]
