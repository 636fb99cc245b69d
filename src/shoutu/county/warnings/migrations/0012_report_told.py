from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0011_order_organisation")]

    operations = [
        migrations.AddField(model_name="reportplan", name="told", field=models.JSONField(default=list)),
    ]
