import json

from django.db import migrations

from packshot.db.migrations import sql_file


def publish(apps, schema_editor):  # noqa: ARG001  (Django's shape)
    """The plans are data of the release: a fresh database has them before its first organization."""
    from packshot.foundation.billing.plans import published

    plans, prices = published()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select public.billing_publish_v1(%s, %s)", [json.dumps(plans), json.dumps(prices)])


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("organizations", "0003_people")]
    operations = [
        sql_file(__file__, "clock.sql"),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "entitlement.sql"),
        sql_file(__file__, "orders.sql"),
        sql_file(__file__, "project.sql"),
        sql_file(__file__, "inbox.sql"),
        migrations.RunPython(publish, migrations.RunPython.noop),
    ]
