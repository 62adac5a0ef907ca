from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial"), ("accounts", "0002_rights")]
    operations = [sql_file(__file__, name) for name in ("claims.sql", "organizations.sql", "opening.sql")]
