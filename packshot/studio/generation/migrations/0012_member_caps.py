from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """A variant that a member's cap did not reach says so."""

    dependencies = [("generation", "0011_trace"), ("credits", "0003_member_caps")]
    operations = [sql_file(__file__, "submit.sql")]
