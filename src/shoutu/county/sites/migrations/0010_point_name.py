from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0009_state_order")]

    operations = [
        migrations.AddIndex("point", models.Index(fields=["name", "id"], name="point_name")),
    ]
