from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0003_history_and_active'),
    ]

    operations = [
        migrations.AlterField(
            model_name='site',
            name='kind',
            field=models.CharField(choices=[('tailings_pond', '尾矿库'), ('underground_mine', '地下矿山'), ('open_pit', '露天矿山'), ('dump', '排土场'), ('plant', '选矿厂'), ('dust_gas', '粉尘和燃气作业场所'), ('boiler', '锅炉和压力容器'), ('fuel_station', '加油站和液化气站'), ('geohazard', '地质灾害点和道路边坡'), ('forest', '林区'), ('other', '其他')], max_length=30),
        ),
    ]
