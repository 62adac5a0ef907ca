import django.db.models.functions.datetime
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0003_people"),
        ("accounts", "0002_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("email", models.CharField(max_length=254)),
                ("role", models.CharField(max_length=10)),
                ("seed", models.UUIDField()),
                ("token_hash", models.CharField(max_length=64)),
                ("invited_by", models.UUIDField()),
                ("language", models.CharField(max_length=10)),
                ("state", models.CharField(max_length=10)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("mailed_at", models.DateTimeField(null=True)),
                ("mail_failed", models.BooleanField(db_default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Takeout",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organization_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organization_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("created_by", models.UUIDField()),
                ("state", models.CharField(max_length=10)),
                ("done", models.IntegerField(db_default=0)),
                ("bytes", models.BigIntegerField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("moved_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="organization",
            name="closing_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="erase_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        *(
            sql_file(__file__, name)
            for name in (
                "workspaces.sql",
                "roles.sql",
                "seats.sql",
                "opening.sql",
                "members.sql",
                "invitations.sql",
                "answers.sql",
                "closing.sql",
                "takeouts.sql",
            )
        ),
    ]
