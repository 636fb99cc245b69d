from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0011_data_quality")]

    operations = [
        migrations.AddField("source", "zone", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddField("source", "seconds", models.BooleanField(default=False)),
        migrations.AddField("ingesttoken", "mn", models.CharField(blank=True, default="", max_length=40)),
        migrations.AlterField("ingesttoken", "hash", models.CharField(max_length=64)),
        migrations.AddConstraint(
            "ingesttoken",
            models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)), fields=("hash",), name="token_hash_once"
            ),
        ),
        migrations.AddConstraint(
            "ingesttoken",
            models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True), models.Q(("mn", ""), _negated=True)),
                fields=("mn",),
                name="station_once",
            ),
        ),
    ]
