from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("assets", "0003_access")]
    operations = [sql_file(__file__, "uploads.sql")]
