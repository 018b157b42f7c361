"""The API's tokens: allauth's, and each refresh counts as the device being seen."""

from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal

from accounts import actions
from accounts.signin.adapter import DEVICE_IN_SESSION


class TokenStrategy(JWTTokenStrategy):
    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """A new pair for a refresh token, which is used up by it. None for one that is used, old or revoked."""
        known = internal.validate_refresh_token(refresh_token)
        pair: tuple[str, str] | None = super().refresh_token(refresh_token)
        if pair and known and (device_id := known[1].get(DEVICE_IN_SESSION)):
            actions.touch_device(device_id)
        return pair
