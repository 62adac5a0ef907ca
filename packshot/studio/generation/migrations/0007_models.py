import django.db.models.functions.datetime
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_conversation")]
    operations = [
        migrations.CreateModel(
            name="ModelSetting",
            fields=[
                ("model", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("off", models.BooleanField(db_default=False)),
                ("price", models.JSONField(null=True)),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Limit",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("jobs", models.SmallIntegerField()),
            ],
        ),
        sql_file(__file__, "modelsettings.sql"),
        sql_file(__file__, "offers.sql"),
        sql_file(__file__, "queue.sql"),
    ]
