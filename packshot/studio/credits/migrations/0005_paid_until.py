from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """An allowance that is paid for ends; time is billing's, which the mock's clock may have moved."""

    dependencies = [("credits", "0004_watch"), ("billing", "0002_functions")]

    operations = [
        migrations.AddField(
            model_name="wallet", name="allowance_until", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="wallet", name="allowance_kept", field=models.DateTimeField(null=True)
        ),
        sql_file(__file__, "rules.sql"),
        sql_file(__file__, "commands.sql"),
        sql_file(__file__, "engine.sql"),
        sql_file(__file__, "apply.sql"),
        sql_file(__file__, "read.sql"),
        sql_file(__file__, "wrappers.sql"),
        sql_file(__file__, "billing.sql"),
    ]
