from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0010_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="trace",
            field=models.CharField(max_length=55, null=True),
        ),
        sql_file(__file__, "submit.sql"),
        sql_file(__file__, "claim.sql"),
        sql_file(__file__, "health.sql"),
    ]
