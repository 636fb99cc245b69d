import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0006_answers_carried_out")]

    operations = [
        migrations.CreateModel(
            name="ChannelDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("settings", models.JSONField()),
                ("secrets", models.TextField(blank=True, default="")),
                ("per_minute", models.PositiveIntegerField()),
                ("was", models.CharField(max_length=64)),
                ("names", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="duties.channel"
                    ),
                ),
            ],
        ),
    ]
