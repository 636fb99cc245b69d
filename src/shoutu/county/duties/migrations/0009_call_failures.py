from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0008_farewell")]

    operations = [
        migrations.AddField(model_name="channel", name="call_failures", field=models.PositiveIntegerField(default=0)),
    ]
