from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warnings", "0017_report_then")]

    operations = [
        migrations.AddIndex(model_name="member", index=models.Index(fields=["level", "warning"], name="member_level")),
    ]
