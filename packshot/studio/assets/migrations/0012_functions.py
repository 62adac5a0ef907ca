"""Functions as they are now, for databases that have run the migrations before this."""

from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("assets", "0011_blobs")]
    operations = [
        sql_file(__file__, name)
        for name in (
            "functions.sql",
            "search.sql",
            "family.sql",
            "changes.sql",
            "change_steps.sql",
            "exports.sql",
        )
    ]
