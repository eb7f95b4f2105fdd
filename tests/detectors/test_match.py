"""The index never loses a match, and what one detection says every path says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sigma.build import Builder
from detectors.sigma.fields import find_native
from detectors.sigma.match import Matcher
from detectors.sigma.model import LogSource, Rule
from detectors.sigma.modifiers import make_item
from detectors.sigma.tree import AllOf, AnyOf, Not
from yunshao.model.event import Event

FIELDS = ("a", "b", "c.d")
WORDS = ("alpha", "Beta", r"\tail.exe", "x", "12", "alphabet", "", "mid", r"C:\p\tail.exe")
KEYS = ("", "|contains", "|startswith", "|endswith", "|neq", "|cased", "|re", "|contains|all")


@st.composite
def nodes(draw, depth=0):
    kind = draw(st.sampled_from(["item", "item", "and", "or", "not"])) if depth < 3 else "item"
    if kind == "item":
        key = draw(st.sampled_from(FIELDS)) + draw(st.sampled_from(KEYS))
        size = 2 if key.endswith("all") else 1
        words = draw(st.lists(st.sampled_from([w for w in WORDS if w and "\\" not in w]), min_size=size, max_size=3))
        if not key.endswith("|re") and draw(st.booleans()):
            words[0] = draw(st.sampled_from([r"*\\tail.exe", "*mid*", "al*t", "alpha*"]))
        return make_item(key, words, {})
    if kind == "not":
        return Not(draw(nodes(depth=depth + 1)))
    children = tuple(draw(st.lists(nodes(depth=depth + 1), min_size=1, max_size=3)))
    return AllOf(children) if kind == "and" else AnyOf(children)


values = st.sampled_from([*WORDS, 12, None, True, ["alpha", "mid"], ["x", r"c:\q\TAIL.EXE"], "ALPHABET", "amidst"])
natives = st.fixed_dictionaries(
    {}, optional={"a": values, "b": values, "c": st.fixed_dictionaries({}, optional={"d": values})}
)


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes(), min_size=1, max_size=6), st.lists(natives, min_size=1, max_size=5))
def test_the_index_finds_just_what_trying_every_rule_finds(trees, records):
    source = LogSource("aws", "", "cloudtrail")
    rules = [Rule(id=str(n), title="t", level="low", logsource=source, tree=tree) for n, tree in enumerate(trees)]
    matcher = Matcher(rules)
    builder = Builder(find_native("aws.cloudtrail"))
    for native in records:
        event = Event("aws.cloudtrail", "u", 0, native, lambda _n, _i: {})
        tried = [rule.id for rule in rules if builder.build(rule.tree)(native, event)]
        assert [rule.id for rule in matcher.matches(event)] == tried


def test_an_event_of_another_source_meets_no_rule(read, rule, event):
    rules = read(rule("selection: {eventName: X}\ncondition: selection")).rules
    assert not Matcher(rules).matches(event({"eventName": "X"}, "k8s.audit"))


def test_no_standard_form_is_made_of_an_event_that_no_rule_needs(read, rule):
    def never(_native, _identity):
        raise AssertionError("derived")

    rules = read(rule("selection: {query|endswith: .bad}\ncondition: selection", "{category: dns}")).rules
    matches = Matcher(rules).matches
    assert not matches(Event("zeek", "u", 0, {"_path": "conn", "id.orig_h": "10.0.0.1"}, never))
    assert matches(Event("zeek", "u", 0, {"_path": "dns", "query": "x.bad"}, never))
    assert matches(Event("suricata.eve", "u", 0, {"event_type": "dns", "dns": {"rrname": "x.bad"}}, never))


def test_a_generic_rule_falls_back_on_the_standard_form(read, rule, event):
    rules = read(rule("selection: {dst_port: 4444}\ncondition: selection", "{category: firewall}")).rules
    flow = event({"anything": 1}, "netflow", ocsf={"dst_endpoint": {"port": 4444}})
    assert Matcher(rules).matches(flow)


def test_windows_events_are_read_in_every_shape(read, rule, event):
    text = rule(
        "selection: {Image|endswith: '\\x.exe', CommandLine|contains: go}\ncondition: selection",
        "{product: windows, category: process_creation}",
    )
    matches = Matcher(read(text).rules).matches
    data = {"Image": r"C:\x.exe", "CommandLine": "x.exe go"}
    channel = "Microsoft-Windows-Sysmon/Operational"
    shapes = [
        {"Channel": channel, "EventID": 1, **data},
        {"Event": {"System": {"Channel": channel, "EventID": {"#text": "1"}}, "EventData": data}},
        {"winlog": {"channel": channel, "event_id": 1, "event_data": data}},
        {
            "Event": {
                "System": {"Channel": channel, "EventID": 1},
                "EventData": {"Data": [{"@Name": k, "#text": v} for k, v in data.items()]},
            }
        },
        {"Channel": "Security", "EventID": 4688, "NewProcessName": r"C:\x.exe", "CommandLine": "x.exe go"},
    ]
    assert all(matches(event(shape, "windows.event")) for shape in shapes)
    assert not matches(event({"Channel": channel, "EventID": 3, **data}, "windows.event"))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
        max_leaves=20,
    )
)
def test_no_record_makes_matching_fail(value):
    from detectors.sigma.load import load_texts

    head = "title: t\nlogsource: {product: windows}\ndetection:\n"
    items = [
        "a: x",
        "a|re: x",
        "a|cidr: 10.0.0.0/8",
        "a|gt: 1",
        "a|hour: 1",
        "a|fieldref: b",
        "a|contains: xyz",
        "EventID: 1",
    ]
    texts = [(f"{n}", f"{head}  s: {{{item}}}\n  condition: s\n".encode()) for n, item in enumerate(items)]
    texts.append(("k", f"{head}  s: [word]\n  condition: s\n".encode()))
    loaded = load_texts(texts, {})
    assert len(loaded.rules) == len(texts)
    matcher = Matcher(loaded.rules)
    for native in ({"a": value}, {"Event": value, "winlog": value}, {"Event": {"System": value, "EventData": value}}):
        matcher.matches(Event("windows.event", "u", 0, native, lambda _n, _i: {}))
