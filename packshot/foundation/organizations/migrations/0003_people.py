from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("organizations", "0002_functions"), ("accounts", "0002_rights")]
    operations = [sql_file(__file__, "people.sql")]
