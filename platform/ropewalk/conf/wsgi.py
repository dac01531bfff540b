"""The WSGI entry that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ropewalk.conf.settings")
_django = get_wsgi_application()

from ropewalk.conf.lane import Lane  # noqa: E402  # needs Django's settings

application = Lane(_django)
