"""An explanation for people (a tree in the terminal's colours) and for programs (JSON types)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from rich.tree import Tree

from console.cli.common import moment, visible
from console.cli.rulebook.sharing import texts
from detectors.sigma.explain import Asked, Explained, Piece
from detectors.sigma.explain import Reading as Look
from detectors.sigma.explain_many import Counted, ExplainedMany
from detectors.sigma.model import Correlation
from detectors.sigma.why import span_words

HELD, BROKEN = ("✓", "green"), ("✗", "red")
INLINE = 3
MAX_VALUE = 400
SIGNS = {"gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "eq": "=", "neq": "≠"}


class Speaker:
    """Says explanations in one language and time zone."""

    def __init__(self, lang: str, zone: str) -> None:
        self._lang = lang
        self._zone = zone
        self._texts = texts()

    def say(self, key: str, **values: object) -> str:
        """A text of the catalogue, its values made visible."""
        return self._texts(self._lang, key, **{name: visible(value)[:MAX_VALUE] for name, value in values.items()})

    def rule(self, one: Explained) -> Tree:
        """What a rule says of an event."""
        tree = Tree(self._head(one.fires, one.rule.titles[self._lang], one.rule.name or one.rule.id, one))
        log, sources = str(one.rule.logsource), ", ".join(one.reads)
        if not one.reads:
            tree.add(Text(self.say("explain.unread", log=log), style="yellow"))
        elif not one.readings:
            tree.add(
                Text(self.say("explain.elsewhere", log=log, sources=sources, source=one.event.source), style="yellow")
            )
        else:
            tree.add(Text(self.say("explain.reads", log=log, sources=sources, source=one.event.source), style="dim"))
        tree.add(Text(self.say("explain.condition", condition=one.rule.condition), style="dim"))
        for look in one.readings:
            self._look(look, tree, alone=len(one.readings) == 1)
        return tree

    def _look(self, look: Look, tree: Tree, *, alone: bool) -> None:
        if not alone:
            fields = self._texts(self._lang, f"explain.fields.{look.fields}")
            tree = tree.add(self._marked(look.fires, self.say("explain.way_of_reading", fields=fields)))
        if look.guard is not None:
            self._piece(look.guard, tree, self.say("explain.guard"))
        if look.guard is None or look.guard.held:
            self._piece(look.tree, tree)

    def _head(self, fires: bool, title: str, name: str, one: Explained | ExplainedMany) -> Text:
        mark, colour = HELD if fires else BROKEN
        head = Text(f"{mark} {self.say('explain.fires' if fires else 'explain.silent')}", style=f"bold {colour}")
        head.append(f"  {visible(title)} ({visible(name)})\n", style="bold not reverse default")
        when = moment(one.event.time, self._zone)
        words = self.say("explain.on", uid=one.event.uid, source=one.event.source, time=when)
        return head.append(words, style="not bold dim default")

    def _marked(self, held: bool, words: str, name: str = "", *, meant: bool = True) -> Text:
        """The sign says whether it holds; the colour whether that is as the rule wants it."""
        mark, colour = HELD[0] if held else BROKEN[0], HELD[1] if held is meant else BROKEN[1]
        text = Text(f"{mark} ", style=f"bold {colour}")
        if name:
            text.append(f"{visible(name)}: ", style="bold not dim default")
        return text.append(words, style="not bold default")

    def _piece(self, piece: Piece, tree: Tree, before: str = "", *, meant: bool = True) -> None:
        label = "; ".join(filter(None, (before, piece.name)))
        if piece.kind in {"item", "keywords"}:
            self._item(piece, tree, label, meant)
            return
        key = "not_but_does" if piece.kind == "not" and not piece.held else piece.kind
        branch = tree.add(self._marked(piece.held, self.say(f"explain.{key}"), label, meant=meant))
        for each in piece.pieces:
            self._piece(each, branch, meant=meant is not (piece.kind == "not"))
        if piece.left_out:
            branch.add(Text(self.say("explain.left_out", n=piece.left_out), style="dim"))

    def _item(self, piece: Piece, tree: Tree, label: str, meant: bool) -> None:
        text = self._marked(piece.held, self._found(piece), label, meant=meant)
        several = len(piece.asked) + piece.more > 1
        kind = (
            "wanted_not" if piece.negated else "wanted_every" if piece.every else "wanted_one" if several else "wanted"
        )
        text.append(f"; {self.say(f'explain.{kind}')}: ", style="not bold default")
        shown = [each for each in piece.asked if each.held or piece.every] or list(piece.asked)
        rest = len(piece.asked) - len(shown) + piece.more
        if len(shown) + rest <= INLINE:
            for number, each in enumerate(piece.asked):
                text.append(" | " if number else "", style="not bold default")
                text.append(self.way(each), style=f"not bold {_colour(each, piece, meant)}")
            tree.add(text)
            return
        branch = tree.add(text)
        for each in shown:
            good = _colour(each, piece, meant) == "green"
            branch.add(self._marked(each.held, self.way(each), meant=each.held is good))
        if rest:
            branch.add(Text(self.say("explain.more", n=rest), style="dim"))

    def _found(self, piece: Piece) -> str:
        if piece.kind == "keywords":
            return self.say("explain.keywords")
        if piece.value is None:
            return self.say("explain.absent", field=piece.field)
        return self.say("explain.is", field=piece.field, value=repr(piece.value))

    def way(self, asked: Asked) -> str:
        """What was wanted, in words."""
        part, _, rest = asked.way.partition("_")
        if part in {"minute", "hour", "day", "week", "month", "year"}:
            compared = self.say(f"way.number_{rest}", text=asked.text)
            return self.say("way.part", part=self.say(f"part.{part}"), compared=compared)
        return self.say(f"way.{asked.way}", text=asked.text)

    def many(self, one: ExplainedMany) -> Tree:
        """What a correlation says of an event among others."""
        rule = one.correlation
        tree = Tree(self._head(one.fires, rule.titles[self._lang], rule.name or rule.id, one))
        tree.add(Text(self._counts(one), style="dim"))
        tree.add(Text(self.say("many.looked_at", n=one.events), style="dim"))
        for line in self._standing(one):
            tree.add(line)
        for each in one.nested:
            tree.children.append(self.many(each))
        for number, base in enumerate(one.bases, start=1):
            branch = tree.add(Text(self.say("many.base", number=number, total=len(one.names)), style="dim"))
            branch.children.append(self.rule(base))
        return tree

    def _counts(self, one: ExplainedMany) -> str:
        rule = one.correlation
        group = self.say("many.group", fields=", ".join(rule.group_by)) if rule.group_by else ""
        what = self.say(f"many.what.{rule.kind}", fields=", ".join(rule.fields))
        span = span_words(rule.timespan)[self._lang]
        values = {"what": what, "rules": ", ".join(one.names), "span": span, "group": group}
        return self.say("many.counts", **values, bounds=self._bounds(rule))

    def _bounds(self, rule: Correlation) -> str:
        if rule.bounds:
            return ", ".join(f"{SIGNS[operator]} {bound:.15g}" for operator, bound in rule.bounds)
        return self.say("many.condition" if rule.condition is not None else "many.every_rule")

    def _standing(self, one: ExplainedMany) -> list[Text]:
        """What was counted of the event's group, and what is missing."""
        if one.nested:
            return [Text(self.say("many.nested"))]
        lacking = next((field for field, value in one.group.items() if value is None), "")
        if lacking:
            return [_short(self.say("many.lacks", field=lacking))]
        if one.counted is None:
            return [_short(self.say("many.apart"))]
        group = ", ".join(f"{field} = {value!r}" for field, value in one.group.items())
        whom = self.say("many.grouped", group=group) if group else self.say("many.no_group")
        return [Text(whom), *self._counted(one, one.counted)]

    def _counted(self, one: ExplainedMany, counted: Counted) -> list[Text]:
        since, until = moment(counted.since, self._zone), moment(counted.until, self._zone)
        figure = "-" if counted.figure is None else f"{counted.figure:.15g}"
        lines = [Text(self.say("many.window", since=since, until=until, events=counted.events, figure=figure))]
        wanted = [bound + (sign == "gt") for sign, bound in one.correlation.bounds if sign in {"gte", "gt", "eq"}]
        lowest = max(wanted, default=None)
        if not one.fires and lowest is not None and (counted.figure or 0.0) < lowest:
            short = f"{lowest - (counted.figure or 0.0):.15g}"
            lines.append(_short(self.say("many.missing_count", n=short, bounds=self._bounds(one.correlation))))
        if len(one.names) > 1:
            lines += self._fired(one, counted)
        return lines

    def _fired(self, one: ExplainedMany, counted: Counted) -> list[Text]:
        name: Callable[[int], str] = one.names.__getitem__
        lines = []
        if counted.present:
            lines.append(Text(self.say("many.present", rules=", ".join(map(name, counted.present)))))
        if counted.missing:
            lines.append(_short(self.say("many.missing", rules=", ".join(map(name, counted.missing)))))
        return lines


def _short(words: str) -> Text:
    """What is missing."""
    return Text(words, style="yellow")


def _colour(asked: Asked, piece: Piece, meant: bool) -> str:
    """Green where the answer is as the rule wants it; of several wanted, those that were not needed stay grey."""
    if not asked.held and piece.held and not piece.every and not piece.negated:
        return "bright_black"
    return "green" if (asked.held is not piece.negated) is meant else "red"


def rule_form(one: Explained) -> dict[str, Any]:
    """The explanation of a rule as JSON types."""
    return {
        **_form(one),
        "kind": "rule",
        "logsource": str(one.rule.logsource),
        "reads": list(one.reads),
        "routed": bool(one.readings),
        "condition": one.rule.condition,
        "readings": [
            {
                "fields": look.fields,
                "fires": look.fires,
                "guard": _piece_form(look.guard) if look.guard else None,
                "tree": _piece_form(look.tree),
            }
            for look in one.readings
        ],
    }


def many_form(one: ExplainedMany) -> dict[str, Any]:
    """The explanation of a correlation as JSON types."""
    rule, counted = one.correlation, one.counted
    return {
        **_form(one),
        "kind": "correlation",
        "type": rule.kind,
        "timespan_ms": rule.timespan,
        "bounds": dict(rule.bounds),
        "rules": list(one.names),
        "events": one.events,
        "group": one.group,
        "counted": None
        if counted is None
        else {
            "since": counted.since,
            "until": counted.until,
            "events": counted.events,
            "figure": counted.figure,
            "present": [one.names[number] for number in counted.present],
            "missing": [one.names[number] for number in counted.missing],
        },
        "nested": [many_form(each) for each in one.nested],
        "bases": [rule_form(each) for each in one.bases],
    }


def _form(one: Explained | ExplainedMany) -> dict[str, Any]:
    rule = one.rule if isinstance(one, Explained) else one.correlation
    event = {"source": one.event.source, "uid": one.event.uid, "time": one.event.time}
    return {"rule_id": rule.id, "name": rule.name, "title": rule.title, "fires": one.fires, "event": event}


def _piece_form(piece: Piece) -> dict[str, Any]:
    form: dict[str, Any] = {"kind": piece.kind, "held": piece.held}
    if piece.name:
        form["name"] = piece.name
    if piece.kind not in {"item", "keywords"}:
        form["pieces"] = [_piece_form(each) for each in piece.pieces]
        if piece.left_out:
            form["left_out"] = piece.left_out
        return form
    if piece.kind == "item":
        form.update(field=piece.field, value=piece.value)
    form.update(every=piece.every, negated=piece.negated, more=piece.more)
    form["wanted"] = [{"way": each.way, "text": each.text, "held": each.held} for each in piece.asked]
    return form
