import django.contrib.postgres.fields
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [("generation", "0007_models")]
    operations = [
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("state", models.CharField(max_length=10)),
                ("failures", models.IntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField(null=True)),
                ("since", models.DateTimeField()),
                ("trial_at", models.DateTimeField(null=True)),
                ("code", models.CharField(max_length=40, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="job",
            name="routes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), db_default=models.Value("{}"), size=None
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="preferred",
            field=models.CharField(max_length=40, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="cost",
            field=models.BigIntegerField(db_default=0),
        ),
        sql_file(__file__, "routes.sql"),
        sql_file(__file__, "routing.sql"),
        sql_file(__file__, "limits.sql"),
        sql_file(__file__, "submit.sql"),
        # It takes one argument more; workers that run on call it without.
        migrations.RunSQL(
            "drop function if exists public.generation_claim_v1(uuid[], uuid[], text, double precision)"
        ),
        sql_file(__file__, "claim.sql"),
        sql_file(__file__, "settle.sql"),
        sql_file(__file__, "control.sql"),
    ]
