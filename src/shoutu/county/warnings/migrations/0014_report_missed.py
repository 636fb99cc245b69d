from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0013_evidence_seen")]

    operations = [
        migrations.AddField(model_name="reportplan", name="missed", field=models.JSONField(default=list)),
    ]
