"""The seeded generator of native records: everyday traffic and attack stories, for drills and for the demo."""

from playbooks.scenes.city import City, city_of, demo_city, demo_estate
from playbooks.scenes.everyday import everyday
from playbooks.scenes.feed import demo_history, demo_live, logs_of
from playbooks.scenes.line import Line
from playbooks.scenes.stories import STORIES
from playbooks.scenes.telling import ALL_STORIES, rehearsed, story

__all__ = [
    "ALL_STORIES",
    "STORIES",
    "City",
    "Line",
    "city_of",
    "demo_city",
    "demo_estate",
    "demo_history",
    "demo_live",
    "everyday",
    "logs_of",
    "rehearsed",
    "story",
]
