from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0016_order_as_it_came")]

    operations = [
        migrations.AddField(model_name="reportplan", name="then_due_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="reportplan", name="then_asks_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="reportplan",
            index=models.Index(
                fields=["then_asks_at"], name="report_then", condition=models.Q(then_asks_at__isnull=False)
            ),
        ),
    ]
