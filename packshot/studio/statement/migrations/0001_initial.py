from django.db import migrations, models

from packshot.db.migrations import sql_file


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(
        *fields, blank=True, editable=False, primary_key=True, serialize=False
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("credits", "0003_member_caps"),
        ("generation", "0012_member_caps"),
        ("boards", "0005_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                ("pk", _key("organization_id", "seq")),
                ("organization_id", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("member_id", models.UUIDField(null=True)),
                ("job_id", models.UUIDField(null=True)),
                ("batch_id", models.UUIDField(null=True)),
                ("board_id", models.UUIDField(null=True)),
                ("model", models.CharField(max_length=80, null=True)),
                ("operation", models.CharField(max_length=40, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Day",
            fields=[
                ("pk", _key("organization_id", "day", "member_id", "board_id", "model", "operation")),
                ("organization_id", models.UUIDField()),
                ("day", models.DateField()),
                ("member_id", models.UUIDField()),
                ("board_id", models.UUIDField()),
                ("model", models.CharField(max_length=80)),
                ("operation", models.CharField(max_length=40)),
                ("spent", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Date",
            fields=[
                ("pk", _key("organization_id", "day")),
                ("organization_id", models.UUIDField()),
                ("day", models.DateField()),
                ("first_seq", models.BigIntegerField()),
            ],
        ),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "fold.sql"),
        sql_file(__file__, "reading.sql"),
    ]
