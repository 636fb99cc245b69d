from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery


def from_farewells(apps, schema_editor):
    """A change of address that was told at the old one is known; of others nothing was kept."""
    told = apps.get_model("duties", "Farewell").objects.filter(contact_id=OuterRef("pk")).order_by()
    last = told.values("contact_id").annotate(last=Max("at")).values("last")
    apps.get_model("duties", "Contact").objects.update(address_since=Subquery(last))


class Migration(migrations.Migration):
    dependencies = [("duties", "0010_digests_of_secrets")]

    operations = [
        migrations.AddField("contact", "address_since", models.DateTimeField(null=True)),
        migrations.RunPython(from_farewells, migrations.RunPython.noop),
    ]
