from django.db import migrations

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("boards", "0003_members"),
        ("assets", "0010_pictures"),
        ("generation", "0005_pictures"),
        ("organizations", "0003_people"),
    ]
    operations = [
        sql_file(__file__, "life.sql"),
        sql_file(__file__, "boards.sql"),
        sql_file(__file__, "reading.sql"),
    ]
