"""Photos of claims. A household's photo says where it lives: only signed addresses show it (`orders.tokens`)."""

from milkdelivery.core.photos import PhotoFolder

CLAIM_PHOTOS = PhotoFolder("claims")

keep_photo = CLAIM_PHOTOS.keep
open_photo = CLAIM_PHOTOS.open
forget_photo = CLAIM_PHOTOS.forget
old_photos = CLAIM_PHOTOS.stored
