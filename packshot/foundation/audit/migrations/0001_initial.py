from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):

    initial = True

    dependencies = [('organizations', '0004_workspaces')]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('pk', models.CompositePrimaryKey('organization_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('actor_id', models.UUIDField(null=True)),
                ('actor', models.TextField()),
                ('action', models.CharField(max_length=60)),
                ('target', models.TextField()),
                ('details', models.JSONField()),
                ('address', models.TextField()),
                ('user_agent', models.TextField()),
                ('request_id', models.TextField()),
            ],
        ),
        sql_file(__file__, "audit.sql"),
        sql_file(__file__, "tables.sql"),
        sql_file(__file__, "takeout.sql"),
    ]
