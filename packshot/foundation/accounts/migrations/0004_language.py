from django.db import migrations, models


class Migration(migrations.Migration):
    """Mails are written in the language of whoever reads them, so the account knows it."""

    dependencies = [("accounts", "0003_library_rights")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="user",
            name="language_chosen",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
