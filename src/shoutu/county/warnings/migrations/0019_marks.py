import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0013_devices"), ("warnings", "0018_member_level")]

    operations = [
        migrations.AddField(model_name="silence", name="mutes", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="silence", name="withheld", field=models.PositiveIntegerField(default=0)),
        migrations.CreateModel(
            name="Withheld",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=30)),
                ("level_from", models.PositiveSmallIntegerField()),
                ("level_to", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("let_out_at", models.DateTimeField(null=True)),
                (
                    "signal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withheld",
                        to="sites.signal",
                    ),
                ),
                (
                    "silence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signals", to="warnings.silence"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="withheld",
            constraint=models.UniqueConstraint(fields=("silence", "signal"), name="withheld_once"),
        ),
        migrations.AddIndex(
            model_name="withheld",
            index=models.Index(
                condition=models.Q(("let_out_at__isnull", True)), fields=["silence"], name="withheld_waits"
            ),
        ),
    ]
