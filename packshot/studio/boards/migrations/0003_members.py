import django.db.models.functions.datetime
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("boards", "0002_functions"),
        ("assets", "0002_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("board_id", models.UUIDField()),
                ("actor_id", models.UUIDField(null=True)),
                ("verb", models.CharField(max_length=20)),
                ("subject", models.JSONField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id",
                        "board_id",
                        "user_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("board_id", models.UUIDField()),
                ("user_id", models.UUIDField()),
                ("role", models.CharField(max_length=10)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="board",
            name="archived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="audience",
            field=models.CharField(db_default="organization", max_length=12),
        ),
        migrations.AddField(
            model_name="board",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="deleted_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="board",
            name="description",
            field=models.TextField(db_default=""),
        ),
        migrations.AddField(
            model_name="board",
            name="kind",
            field=models.CharField(db_default="board", max_length=10),
        ),
        sql_file(__file__, "members.sql"),
        sql_file(__file__, "access.sql"),
        sql_file(__file__, "boards.sql"),
    ]
