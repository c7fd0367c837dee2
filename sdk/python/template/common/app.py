"""Where the component starts. Tests import `rotation` instead."""

from keywheel.component import export

from rotation import Rotation

WitWorld = export(Rotation())
