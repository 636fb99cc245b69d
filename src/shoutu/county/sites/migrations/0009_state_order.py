from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0008_operation")]

    operations = [
        migrations.AddField("operatingstate", "order", models.CharField(blank=True, default="", max_length=40)),
    ]
