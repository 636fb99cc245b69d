import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("places", "0003_history_and_active"), ("warnings", "0010_content_digest")]

    operations = [
        migrations.AddField(
            "order",
            "organisation",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.organisation"
            ),
        ),
    ]
