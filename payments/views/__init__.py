"""Pages of money: paying an order, what was paid, and the pretend bank's own page."""

from payments.views.demo_bank import demo_bank
from payments.views.history import history, history_file, remove_saved
from payments.views.link import link
from payments.views.pay import back, pay_page

__all__ = ["back", "demo_bank", "history", "history_file", "link", "pay_page", "remove_saved"]
