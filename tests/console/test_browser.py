"""The console in a real browser: nothing refused by its own policy, nothing wider than the screen, alerts come live."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from small_city import AWKWARD, PASSWORD, SmallCity

from console.roles.assessments import run_assessment
from console.web.app import create_app
from console.wiring import wall_clock
from playbooks.scenes import demo_city, story
from yunshao.model.alert import AlertQuery

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("chromedriver")), reason="Chromium is not here"),
]
PAGES = (
    "/",
    "/alerts",
    "/incidents",
    "/playbooks",
    "/calendar",
    "/rectifications",
    "/units",
    "/risks",
    "/risks/proposals",
    "/assessments",
    "/questions",
    "/drills",
    "/oncall",
    "/reports",
    "/sources",
)
SCREENS = {"desk": (1440, 900), "wall": (1920, 1080), "phone": (390, 844), "narrow": (320, 640)}
TOUCHED = "nav a, main button, main a.go, main a.button, main select, main summary, a.lang, header button"


@pytest.fixture(scope="module")
def address(city: SmallCity) -> Iterator[str]:
    run_assessment(city.place, "city_risk_assessment", "admin")
    config = uvicorn.Config(create_app(city.up.desk()), host="127.0.0.1", port=0, log_level="warning")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.get(f"{address}/login")
    driver.find_element(By.NAME, "name").send_keys("operator")
    driver.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
    WebDriverWait(driver, 20).until(lambda d: d.find_elements(By.ID, "pulse"))
    yield driver
    driver.quit()


def _screen(browser: webdriver.Chrome, name: str) -> None:
    width, height = SCREENS[name]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _complaints(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]


def _inner(city: SmallCity) -> list[str]:
    """Pages of one thing: a unit, and every alert of nobody, the hostile and the endless among them."""
    found = city.place.store.alerts(AlertQuery(unit=("unowned",), limit=20))
    assert any(AWKWARD[-40:] in str(one.finding.facts) + one.finding.entity for one in found)
    risk = city.place.store.entries("risk")[0].key
    return [
        f"/units/{city.unit}",
        "/units/unowned",
        f"/risks/one?id={quote(risk)}",
        *(f"/alerts/{one.id}" for one in found),
    ]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_is_wider_than_the_screen_nor_breaks_its_policy(
    browser: webdriver.Chrome, address: str, city: SmallCity, screen: str, language: str
) -> None:
    _screen(browser, screen)
    browser.get(f"{address}/language/{language}")
    _complaints(browser)
    for path in (*PAGES, *_inner(city)):
        browser.get(f"{address}{path}")
        wide, room = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, f"{path} is {wide} wide on {room}"
        assert not _complaints(browser)


def test_what_an_attacker_named_does_not_run(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "desk")
    browser.get(f"{address}/alerts?unit=unowned&status=any")
    assert "<script>alert(1)</script>" in browser.find_element(By.TAG_NAME, "main").text
    assert not browser.find_elements(By.CSS_SELECTOR, "main img")


def test_what_turns_the_writing_round_is_shown_as_a_code(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "desk")
    browser.get(f"{address}/alerts?unit=unowned&status=any")
    shown = " ".join(one.text for one in browser.find_elements(By.CSS_SELECTOR, ".alert .what p"))
    assert "gnp.exe" in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("path", PAGES)
def test_fingers_find_what_they_touch_on_a_phone(browser: webdriver.Chrome, address: str, path: str) -> None:
    _screen(browser, "phone")
    browser.get(f"{address}{path}")
    touched = browser.find_elements(By.CSS_SELECTOR, TOUCHED)
    small = [one.text for one in touched if one.is_displayed() and one.size["height"] < 44]
    assert touched
    assert not small


def test_a_finger_anywhere_on_a_row_opens_its_alert_on_a_phone(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "phone")
    browser.get(f"{address}/alerts")
    row = browser.find_element(By.CSS_SELECTOR, ".alert")
    alert = row.get_attribute("data-id")
    ActionChains(browser).move_to_element(row.find_element(By.TAG_NAME, "time")).click().perform()
    WebDriverWait(browser, 10).until(lambda d: d.current_url.endswith(f"/alerts/{alert}"))


def test_a_phone_shows_where_one_is(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "narrow")
    browser.get(f"{address}/sources")
    left, right = browser.execute_script(
        "const b = document.querySelector('.main [aria-current]').getBoundingClientRect(); return [b.left, b.right]"
    )
    assert left >= 0
    assert right <= SCREENS["narrow"][0]


def test_the_overview_stands_on_a_wall_without_scrolling(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "wall")
    browser.get(f"{address}/")
    assert browser.execute_script("return document.documentElement.scrollHeight") <= SCREENS["wall"][1]


def test_closing_waits_for_a_reason_and_acknowledging_does_not(browser: webdriver.Chrome, address: str) -> None:
    _screen(browser, "desk")
    browser.get(f"{address}/alerts?status=new")
    browser.find_element(By.CSS_SELECTOR, ".alert .what a").click()
    WebDriverWait(browser, 10).until(lambda d: d.find_elements(By.CSS_SELECTOR, 'button[value="close"]'))
    browser.find_element(By.CSS_SELECTOR, 'button[value="close"]').click()
    assert browser.execute_script("return document.activeElement.name") == "note"
    browser.find_element(By.CSS_SELECTOR, 'button[value="acknowledge"]').click()
    WebDriverWait(browser, 10).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".state.s-acknowledged"))


def test_an_alert_comes_live_and_the_keyboard_acknowledges_it(
    browser: webdriver.Chrome, address: str, city: SmallCity
) -> None:
    _screen(browser, "desk")
    browser.get(f"{address}/alerts?status=new")
    WebDriverWait(browser, 20).until(lambda d: "on" in d.find_element(By.ID, "pulse").get_attribute("class"))
    city.send(story("kms_key_deletion", demo_city(), wall_clock(), "live"))
    fresh = WebDriverWait(browser, 10).until(lambda d: d.find_element(By.CSS_SELECTOR, ".alert.fresh"))
    alert = fresh.get_attribute("data-id")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("j")
    body.send_keys("a")
    end = time.monotonic() + 10
    while city.place.store.alert(str(alert)).status == "new" and time.monotonic() < end:
        time.sleep(0.2)
    assert city.place.store.alert(str(alert)).status == "acknowledged"
    WebDriverWait(browser, 10).until(lambda d: not d.find_elements(By.CSS_SELECTOR, f'[data-id="{alert}"]'))


def test_a_running_drill_shows_itself_without_a_reload(
    browser: webdriver.Chrome, address: str, city: SmallCity
) -> None:
    _screen(browser, "phone")
    browser.get(f"{address}/")
    # Two touches from the first page.
    browser.find_element(By.CSS_SELECTOR, "nav .n-drills").click()
    browser.find_element(By.CSS_SELECTOR, "form.scenario button.go").click()
    WebDriverWait(browser, 20).until(lambda d: d.find_elements(By.ID, "fresh"))
    before = len(browser.find_elements(By.CSS_SELECTOR, ".times li"))
    drill = browser.current_url.rsplit("/", 1)[-1]
    city.up.drills.advance(drill)
    WebDriverWait(browser, 10).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, ".times li")) > before)
    city.up.drills.abort(drill, "operator")
    city.up.drills.advance(drill)
