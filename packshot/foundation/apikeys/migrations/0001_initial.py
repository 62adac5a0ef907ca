import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models

from packshot.db.migrations import sql_file


class Migration(migrations.Migration):

    initial = True

    dependencies = [('organizations', '0004_workspaces'), ('audit', '0001_initial')]

    operations = [
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('pk', models.CompositePrimaryKey('organization_id', 'user_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('user_id', models.UUIDField()),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.SmallIntegerField(null=True)),
                ('body', models.TextField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Bucket',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('full_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Key',
            fields=[
                ('pk', models.CompositePrimaryKey('organization_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('id', models.UUIDField()),
                ('made_by', models.UUIDField()),
                ('name', models.CharField(max_length=80)),
                ('shown', models.CharField(max_length=24)),
                ('hash', models.CharField(max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('networks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), size=None)),
                ('version', models.CharField(max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('replaced_by', models.UUIDField(null=True)),
            ],
        ),
        *(sql_file(__file__, name) for name in ("tables.sql", "keys.sql", "entering.sql", "answers.sql", "takeout.sql")),
    ]
