from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("statement", "0001_initial")]
    operations = [sql_file(__file__, "ending.sql")]
