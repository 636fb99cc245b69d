import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0014_report_missed")]

    operations = [
        migrations.AddField(model_name="order", name="unmatched", field=models.JSONField(default=list)),
        migrations.CreateModel(
            name="OrderVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content_sha256", models.CharField(max_length=64)),
                ("their_number", models.CharField(blank=True, default="", max_length=80)),
                ("title", models.CharField(max_length=160)),
                ("text", models.TextField()),
                ("named", models.JSONField(default=dict)),
                ("due_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="warnings.order"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="order_version_number"),
                    models.UniqueConstraint(fields=("order", "content_sha256"), name="order_version_once"),
                ],
            },
        ),
    ]
