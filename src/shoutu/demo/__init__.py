"""The demo county: 浮山县 with a handful of tailings ponds, everyone named by their post."""
