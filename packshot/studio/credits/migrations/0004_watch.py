from django.db import migrations, models

from packshot.db.migrations import sql_file


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    """Notices of a low balance, automatic top-ups, and what an operator grants."""

    dependencies = [("credits", "0003_member_caps")]

    operations = [
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("below", models.BigIntegerField()),
                ("low", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="TopupRule",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("enabled", models.BooleanField()),
                ("below", models.BigIntegerField()),
                ("pack", models.CharField(max_length=80)),
                ("daily_cap", models.SmallIntegerField()),
                ("wanted", models.BooleanField(default=False)),
                ("failures", models.SmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TopupTry",
            fields=[
                ("pk", _key("organization_id", "id")),
                ("organization_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("pack", models.CharField(max_length=80)),
                ("state", models.CharField(max_length=10)),
                ("token", models.IntegerField(default=1)),
                ("lease_until", models.DateTimeField(null=True)),
                ("code", models.CharField(max_length=80, null=True)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        sql_file(__file__, "watch_tables.sql"),
        sql_file(__file__, "watch.sql"),
        sql_file(__file__, "topups.sql"),
        sql_file(__file__, "operator.sql"),
        sql_file(__file__, "members.sql"),
        sql_file(__file__, "apply.sql"),
    ]
