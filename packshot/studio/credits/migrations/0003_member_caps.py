from django.db import migrations, models

from packshot.db.migrations import sql_file


def _key(*fields: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*fields, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    """Monthly caps of members. The engine takes more arguments, so its first form goes before it is written anew."""

    dependencies = [("credits", "0002_ledger")]

    operations = [
        migrations.AddField(model_name="hold", name="member_id", field=models.UUIDField(null=True)),
        migrations.CreateModel(
            name="MemberCap",
            fields=[
                (
                    "pk",
                    _key("organization_id", "member_id"),
                ),
                ("organization_id", models.UUIDField()),
                ("member_id", models.UUIDField()),
                ("cap", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="MemberMonth",
            fields=[
                (
                    "pk",
                    _key("organization_id", "member_id", "month"),
                ),
                ("organization_id", models.UUIDField()),
                ("member_id", models.UUIDField()),
                ("month", models.DateField()),
                ("used", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            """
            drop function if exists public.credits_engine(
                public.credits_step[], public.credits_wallet[], public.credits_lot[], public.credits_hold[],
                public.credits_holdlot[]
            )
            """
        ),
        sql_file(__file__, "members.sql"),
        sql_file(__file__, "members_tables.sql"),
        sql_file(__file__, "engine.sql"),
        sql_file(__file__, "apply.sql"),
    ]
