"""What a registry allows and a chief would still want mended."""

from __future__ import annotations

from yunshao.model.estate import Estate


def estate_warnings(estate: Estate) -> list[str]:
    """What is allowed but wrong, one line each: nobody answers, clouds beside the big one, systems in the air."""
    return [*_unit_warnings(estate), *_cloud_warnings(estate), *_system_warnings(estate)]


def _unit_warnings(estate: Estate) -> list[str]:
    roots = [unit for unit in estate.units.values() if not unit.parent]
    found = [
        f"unit {unit.id}: no chief: {estate.chief_post(unit.id) or 'nobody'} answers for it"
        for unit in estate.units.values()
        if unit.chief is None and unit.kind not in ("office", "group")
    ]
    if roots and roots[0].chief and roots[0].chief.role != "general_chief":
        found.append(f"unit {roots[0].id}: its chief is not the general chief")
    if not any(unit.kind == "office" for unit in estate.units.values()):
        found.append("no unit of kind office: nobody runs the cloud chief system day by day")
    return found


def _cloud_warnings(estate: Estate) -> list[str]:
    found = [
        f"cloud {cloud.id}: no parent: it is not attached to the big cloud (G-08)"
        for cloud in estate.clouds.values()
        if cloud.kind != "big" and not cloud.parent
    ]
    found += [
        f"cloud {cloud.id}: the big cloud has a parent"
        for cloud in estate.clouds.values()
        if cloud.kind == "big" and cloud.parent
    ]
    if estate.clouds and not any(cloud.kind == "big" for cloud in estate.clouds.values()):
        found.append("no big cloud: nothing leads the small ones")
    return found


def _system_warnings(estate: Estate) -> list[str]:
    claimed = {claim.system for claim in estate.claims}
    found = []
    for system in estate.systems.values():
        live = system.status == "live"
        if live and not system.cloud and system.hosting != "server_room":
            found.append(f"system {system.id}: runs in no cloud")
        if live and system.hosting == "server_room":
            found.append(f"system {system.id}: still in a server room (G-04)")
        if live and system.id not in claimed:
            found.append(f"system {system.id}: no claim ties any telemetry to it")
        if system.mlps_level is None and live:
            found.append(f"system {system.id}: no MLPS level")
    found += [
        f"weakness {weakness.id} of system {system.id}: no technique, so no threat meets it"
        for system in estate.systems.values()
        for weakness in system.weaknesses
        if not weakness.techniques
    ]
    return found
