from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    initial = True

    dependencies = [("organizations", "0004_workspaces"), ("accounts", "0004_language")]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("key", models.CharField(max_length=300)),
                ("user_id", models.UUIDField()),
                ("kind", models.CharField(max_length=40)),
                ("body", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                ("error", models.TextField(null=True)),
            ],
        ),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "letters.sql"),
    ]
