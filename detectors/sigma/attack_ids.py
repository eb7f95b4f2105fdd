"""Which ATT&CK technique ids exist: those in use in Enterprise 18.1, and those that version 19 renumbered them to.

Numbers alone, written short: `1003:1-8` is T1003 with T1003.001 to T1003.008.
"""

from __future__ import annotations

from collections.abc import Iterator

from detectors.sigma.attack import RENUMBERED

VERSION = "18.1"
TACTICS = frozenset(
    [
        "reconnaissance",
        "resource-development",
        "initial-access",
        "execution",
        "persistence",
        "privilege-escalation",
        "defense-evasion",
        "stealth",
        "defense-impairment",
        "credential-access",
        "discovery",
        "lateral-movement",
        "collection",
        "command-and-control",
        "exfiltration",
        "impact",
    ]
)
_IN_USE = """
1001:1-3 1003:1-8 1005 1006 1007 1008 1010 1011:1 1012 1014 1016:1-2 1018 1020:1 1021:1-8 1025 1027:1-17 1029
1030 1033 1036:1-12 1037:1-5 1039 1040 1041 1046 1047 1048:1-3 1049 1052:1 1053:2-3,5-7 1055:1-5,8-9,11-15
1056:1-4 1057 1059:1-13 1068 1069:1-3 1070:1-10 1071:1-5 1072 1074:1-2 1078:1-4 1080 1082 1083 1087:1-4 1090:1-4
1091 1092 1095 1098:1-7 1102:1-3 1104 1105 1106 1110:1-4 1111 1112 1113 1114:1-3 1115 1119 1120 1123 1124 1125
1127:1-3 1129 1132:1-2 1133 1134:1-5 1135 1136:1-3 1137:1-6 1140 1176:1-2 1185 1187 1189 1190 1195:1-3 1197 1199
1200 1201 1202 1203 1204:1-5 1205:1-2 1207 1210 1211 1212 1213:1-6 1216:1-2 1217 1218:1-5,7-15 1219:1-3 1220
1221 1222:1-2 1480:1-2 1482 1484:1-2 1485:1 1486 1489 1490 1491:1-2 1495 1496:1-4 1497:1-3 1498:1-2 1499:1-4
1505:1-6 1518:1-2 1525 1526 1528 1529 1530 1531 1534 1535 1537 1538 1539 1542:1-5 1543:1-5 1546:1-18
1547:1-10,12-15 1548:1-6 1550:1-4 1552:1-8 1553:1-6 1554 1555:1-6 1556:1-9 1557:1-4 1558:1-5 1559:1-3 1560:1-3
1561:1-2 1562:1-4,6-13 1563:1-2 1564:1-14 1565:1-3 1566:1-4 1567:1-4 1568:1-3 1569:1-3 1570 1571 1572 1573:1-2
1574:1,4-14 1578:1-5 1580 1583:1-8 1584:1-8 1585:1-3 1586:1-3 1587:1-4 1588:1-7 1589:1-3 1590:1-6 1591:1-4
1592:1-4 1593:1-3 1594 1595:1-3 1596:1-5 1597:1-2 1598:1-4 1599:1 1600:1-2 1601:1-2 1602:1-2 1606:1-2 1608:1-6
1609 1610 1611 1612 1613 1614:1 1615 1619 1620 1621 1622 1647 1648 1649 1650 1651 1652 1653 1654 1656 1657 1659
1665 1666 1667 1668 1669 1671 1672 1673 1674 1675 1677 1678 1679 1680 1681
"""


def _written_out(text: str) -> Iterator[str]:
    for word in text.split():
        parent, _, below = word.partition(":")
        yield f"T{parent}"
        for span in filter(None, below.split(",")):
            first, _, last = span.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield f"T{parent}.{number:03d}"


TECHNIQUES = frozenset(_written_out(_IN_USE))
NEWEST = max(TECHNIQUES)[:5]
_RENUMBERED_TO = frozenset(RENUMBERED.values())


def is_known(technique: str) -> bool:
    """Whether the id exists; ids newer than this table are believed."""
    return technique in TECHNIQUES or technique in _RENUMBERED_TO or technique[:5] > NEWEST
