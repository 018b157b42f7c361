"""What a device calls itself."""

from typing import NamedTuple

from ua_parser import parse

LABEL_LENGTH = 40


class DeviceLabels(NamedTuple):
    os: str
    browser: str


def device_labels(user_agent: str) -> DeviceLabels:
    """System and browser (or app) of a User-Agent header; empty where it does not say."""
    found = parse(user_agent)
    return DeviceLabels(
        os=found.os.family[:LABEL_LENGTH] if found.os else "",
        browser=found.user_agent.family[:LABEL_LENGTH] if found.user_agent else "",
    )
