from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """Ends of jobs are told to other people's servers, those of late results too."""

    dependencies = [("generation", "0014_plans"), ("webhooks", "0001_initial")]
    operations = [sql_file(__file__, name) for name in ("webhooks.sql", "settle.sql")]
