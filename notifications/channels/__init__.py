"""Ways to reach people. Each says whether a failure is worth another try."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, whoever carries it. `reference` names it for the receiver's side, the same at every attempt.

    `link` is the page of ours that it tells of, without the name of the site. `unsubscribe` ends mails of its kind with
    one tap; "" where they can't be ended.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    reference: str = ""
    link: str = ""
    unsubscribe: str = ""


class Refused(Exception):
    """The receiving side will not take this message, however often it is tried."""


class Unavailable(Exception):
    """The channel can't be used now; the message is as good as before."""


class Delayed(Exception):
    """The channel works and the message was put off: try it again later."""
