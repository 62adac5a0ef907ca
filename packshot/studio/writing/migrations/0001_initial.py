import django.db.models.functions.datetime
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    initial = True
    dependencies = [("generation", "0010_texts")]

    operations = [
        migrations.CreateModel(
            name="Declined",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "job_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("job_id", models.UUIDField()),
                ("declined_by", models.UUIDField()),
                (
                    "declined_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "functions.sql"),
    ]
