"""Addresses of this room beside those of the duties themselves."""

from shoutu.county.duties import api_channels, api_findings
from shoutu.county.kit.api import Router

router = Router()
router.add_router("", api_findings.router)
router.add_router("", api_channels.router)

__all__ = ["router"]
