import json
from datetime import datetime

from django.db import migrations, models


def came(apps, schema_editor):
    """By when an order was to be done as it came: of one not given yet that still stands in it, else in its entry."""
    order, entry = apps.get_model("warnings", "Order"), apps.get_model("ledger", "Entry")
    order.objects.filter(state="new").update(came_due_at=models.F("due_at"))
    ids = order.objects.filter(door="webhook").exclude(state="new").values("pk")
    taken = entry.objects.filter(verb="order.taken", subject_type="order", subject_id__in=ids)
    for subject, canonical in taken.values_list("subject_id", "canonical").iterator():
        told = json.loads(bytes(canonical))["payload"].get("due_at")
        if told is not None:
            order.objects.filter(pk=subject).update(came_due_at=datetime.fromisoformat(told))


class Migration(migrations.Migration):
    dependencies = [("warnings", "0015_order_versions"), ("ledger", "0005_doubt")]

    operations = [
        migrations.AddField(model_name="order", name="came_due_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="order", name="named", field=models.JSONField(null=True)),
        migrations.RunPython(came, migrations.RunPython.noop),
    ]
