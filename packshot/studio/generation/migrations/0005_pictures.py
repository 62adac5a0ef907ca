from django.db import migrations

from packshot.db.migrations import sql_file

# Pictures that were made before say which model made them.
OLDER = """
    update public.assets_asset as a set model = b.model
    from public.generation_job as j
    join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id
    where j.organization_id = a.organization_id and j.id = a.job_id and a.model is null
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0004_access"), ("assets", "0010_pictures")]
    operations = [sql_file(__file__, "settle.sql"), migrations.RunSQL(OLDER)]
