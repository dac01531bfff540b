"""Telling those who may take an offered project of it by mail, from a worker: a mail server that is away delays nobody."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.message import EmailMessage

from ropewalk.accounts.selectors import mail_addresses
from ropewalk.core import clock, jobs
from ropewalk.core.errors import Unavailable
from ropewalk.projects import selectors
from ropewalk.projects.types import TELL_OF_OFFER, TransferView

_TEXT = """{offer.asked_by} offers the project {offer.full_name} to {offer.to_owner}.

Look at the offer and answer it until {until}:
{root}/settings/offers/{offer.id}

Until then nothing changes. If you expected no offer, refuse it or do nothing.
"""


def ask_to_tell(offer: TransferView) -> None:
    """Ask for the mail, in the offer's own transaction: one a day about a project to an owner, however often it is offered.

    The job belongs to no project: what is told to whom is nothing for its readers.
    """
    jobs.enqueue(
        TELL_OF_OFFER,
        subject=f"offer:{offer.project_id}:{offer.to_owner_id}",
        fingerprint=f"{clock.now():%Y-%m-%d}",
        payload={"project_id": offer.project_id, "offer_id": offer.id},
        project_id=None,
        requested_by_id=offer.asked_by_id,
    )


def tell_of_offer(*, project_id: int, offer_id: int) -> int:
    """Send a mail to each who may answer the offer and verified an address; how many. None for an offer that is over.

    Raises :class:`Unavailable` when the mail server takes none.
    """
    offer = selectors.transfer_of(project_id)
    if offer is None or offer.id != offer_id:
        return 0
    text = _TEXT.format(offer=offer, until=f"{offer.until:%Y-%m-%d}", root=settings.ROPEWALK_URL)
    subject = f"{offer.asked_by} offers you {offer.full_name}"
    messages = [EmailMessage(subject, text, to=[address]) for address in mail_addresses(offer.to_owner_id)]
    try:
        return int(get_connection().send_messages(messages) or 0) if messages else 0
    except (OSError, SMTPException) as error:
        raise Unavailable("The mail about the offer could not be sent.", code="mail_failed") from error
