from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0012_report_told")]

    operations = [
        migrations.AddField(model_name="evidence", name="seen_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="evidence", name="longitude", field=models.FloatField(null=True)),
        migrations.AddField(model_name="evidence", name="latitude", field=models.FloatField(null=True)),
        migrations.AddField(model_name="evidence", name="accuracy_m", field=models.FloatField(null=True)),
    ]
