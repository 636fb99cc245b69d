"""`shoutu places …`: the county's outlines from the server's command line."""

from __future__ import annotations

from pathlib import Path

import click

from shoutu.county.commands_sites import acting, site_named, told


@click.group()
def places() -> None:
    """行政区和位置。 Territories and where things lie."""


@places.command("import-boundary")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crs", type=click.Choice(["wgs84", "gcj02"]), required=True, help="文件的坐标系 / the file's grid")
@click.option("--source", required=True, help="来源，如审图号或许可 / where it is from")
@click.option("--schematic", is_flag=True, help="是示意图 / no survey, labelled 示意图")
@click.option("--neighbours", is_flag=True, help="其余的面是邻县 / other areas are neighbours")
@click.option("--townships", is_flag=True, help="其余的面是还没建的乡镇，随之新建 / other areas are new townships")
@told
def import_boundary(file: Path, crs: str, source: str, schematic: bool, neighbours: bool, townships: bool) -> None:
    """导入边界 GeoJSON，存为 WGS-84。 Import outlines; all of the file or nothing."""
    from shoutu.county.places.boundaries import import_boundaries

    if neighbours and townships:
        raise click.UsageError("--neighbours 和 --townships 只能用一个 / only one of them")
    others = "neighbours" if neighbours else "townships" if townships else "refuse"
    done = import_boundaries(acting(), file.read_bytes(), source, crs=crs, schematic=schematic, others=others)
    click.echo(f"territories {len(done.territories)}\t{'、'.join(done.territories)}")
    click.echo(f"neighbours {len(done.neighbours)}\t{'、'.join(done.neighbours)}")
    if done.made:
        click.echo(f"new townships {len(done.made)}\t{'、'.join(done.made)}")
    for names, words in (
        (done.mended, "自相交，已修 / self-crossing, mended"),
        (done.without, "还没有边界 / still without an outline"),
        (done.outside, "坐标在县界外，核对 / sites outside the county, check them"),
    ):
        if names:
            click.echo(f"warning: {words}: {'、'.join(names)}", err=True)


@places.command("locate")
@click.argument("site")
@click.option("--longitude", type=float, required=True)
@click.option("--latitude", type=float, required=True)
@click.option("--crs", type=click.Choice(["wgs84", "gcj02"]), default="wgs84", show_default=True)
@told
def locate(site: str, longitude: float, latitude: float, crs: str) -> None:
    """标定场所位置。 Say where a site lies; stored as WGS-84."""
    from shoutu.county.places.boundaries import is_outside
    from shoutu.county.places.geometry import place
    from shoutu.county.places.services import locate_site

    x, y = place(longitude, latitude, crs)
    row = locate_site(acting(), site_named(site), y, x)
    click.echo(f"{row.name}\t{x:.6f}\t{y:.6f}")
    if is_outside(row):
        click.echo("warning: 坐标在县界外，核对经纬度有没有写反、坐标系对不对 / outside the county", err=True)
