from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0013_devices")]

    operations = [
        migrations.AddField("point", "heard_at", models.DateTimeField(null=True)),
        migrations.AddField("point", "unheard_since", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "point",
            models.Index(fields=["id"], name="point_unheard", condition=models.Q(heard_at__isnull=True)),
        ),
    ]
