from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0002_functions")]
    operations = [sql_file(__file__, "health.sql")]
