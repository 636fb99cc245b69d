"""Findings are kept by the room `duties` for every room: what stands here moves there, with its ids and its duties."""

from django.db import migrations
from django.utils import timezone


def move(apps, schema_editor):
    old = apps.get_model("sites", "Finding")
    new = apps.get_model("duties", "Finding")
    duty = apps.get_model("duties", "Duty")
    for row in old.objects.order_by("id").select_related("site").iterator():
        key = f"point:{row.point_id}" if row.point_id else row.field
        if not row.point_id and not key.startswith("rule:"):
            key = f"value:{key}"
        same = {"kind": "site.gap", "key": key, "about_type": "site", "about_id": row.site_id}
        # Two packs that lacked the same value stood twice; now a value is asked for once.
        twice = row.cleared_at is None and new.objects.filter(**same, cleared_at=None).exists()
        new.objects.create(
            id=row.id, **same, about_label=row.site.name,
            site_id=row.site_id, message=row.message, optional=row.optional, found_at=row.found_at,
            cleared_at=timezone.now() if twice else row.cleared_at, detail={"pack": row.pack, "field": row.field, "point": row.point_id},
            duty=duty.objects.filter(about_type="finding", about_id=row.id).order_by("id").first(),
        )
    duty.objects.filter(kind="site.finding").update(kind="site.gap")
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('duties_finding', 'id'),"
                " (SELECT max(id) FROM duties_finding)) WHERE EXISTS (SELECT 1 FROM duties_finding)"
            )


class Migration(migrations.Migration):
    dependencies = [
        ("duties", "0002_findings"),
        ("sites", "0002_words_and_optional"),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.DeleteModel(name="Finding"),
    ]
