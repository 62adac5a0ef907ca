from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    """Seats are bought together with the invitations they are for."""

    dependencies = [("billing", "0003_closing")]
    operations = [
        migrations.AddField("order", "guests", models.JSONField(null=True)),
        migrations.RunSQL(
            "create index billing_order_guests on public.billing_order (created_at) where guests is not null"
        ),
        sql_file(__file__, "seats.sql"),
    ]
