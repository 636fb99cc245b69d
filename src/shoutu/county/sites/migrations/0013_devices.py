from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0012_stations")]

    operations = [migrations.AddField("ingesttoken", "device", models.JSONField(default=None, null=True))]
