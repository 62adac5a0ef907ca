"""Callbacks find their job by the first word of its reference."""

from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0008_routes")]

    operations = [
        sql_file(__file__, "names.sql"),
        sql_file(__file__, "claim.sql"),
        sql_file(__file__, "control.sql"),
    ]
