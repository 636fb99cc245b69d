"""A rule belongs to a site, and need not be of one point: composites."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import OuterRef, Subquery
from django.db.models.deletion import PROTECT


def fill(apps, schema_editor):
    rule, point = apps.get_model("sites", "Rule"), apps.get_model("sites", "Point")
    site = point.objects.filter(pk=OuterRef("point_id")).values("site_id")[:1]
    rule.objects.update(site_id=Subquery(site))


class Migration(migrations.Migration):
    dependencies = [("places", "0003_history_and_active"), ("sites", "0006_design_values")]

    operations = [
        migrations.AddField(
            "rule", "site", models.ForeignKey(null=True, on_delete=PROTECT, related_name="rules", to="places.site")
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "rule", "site", models.ForeignKey(on_delete=PROTECT, related_name="rules", to="places.site")
        ),
        migrations.AlterField(
            "rule",
            "point",
            models.ForeignKey(null=True, on_delete=PROTECT, related_name="rules", to="sites.point"),
        ),
    ]
