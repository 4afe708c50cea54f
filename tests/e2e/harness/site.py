"""The base of the tests: one site per class, the same tests under each MTA by subclassing."""
import sys
import unittest

from .lab import Lab
from .postfix import Postfix
from .sasl import Saslauthd
from .sendmail import Sendmail
from .sink import Sink


class SiteCase(unittest.TestCase):
    """
    cls.lab, cls.sink (the next hop) and cls.mta are there; set_up_site() of a subclass makes the MTA, and what stands before it.

    When a test fails, the logs of all parts are shown.
    """
    mta_class = None
    sink_class = Sink
    aliases = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        try:
            cls.sink = cls.lab.start(cls.sink_class())
            cls.saslauthd = cls.lab.start(Saslauthd(cls.lab))
            cls.set_up_site()
        except BaseException:
            print(cls.lab.logs(), file=sys.stderr)
            raise

    @classmethod
    def set_up_site(cls):
        cls.mta = cls.lab.start(cls.make_mta())

    @classmethod
    def make_mta(cls, **options):
        return cls.mta_class(cls.lab, cls.sink.port, aliases=cls.aliases, saslauthd=cls.saslauthd, **options)

    def setUp(self):
        self.sink.reset()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print(f"==== logs after {self.id()}\n{self.lab.logs()}", file=sys.stderr)
        return result


class PostfixCase(SiteCase):
    mta_class = Postfix


class SendmailCase(SiteCase):
    mta_class = Sendmail
