"""sealadm doctor on a sendmail.cf, with lines as m4 makes them of sendmail.mc."""
import json
import unittest

from support import POLICY, Case

CF = """\
Cwlocalhost
Fw{dir}/local-host-names
O AliasFile={dir}/aliases
O MaxMessageSize=52428800
O DaemonPortOptions=Name=mx, Family=inet, Addr=127.0.0.1, Port=25
O DaemonPortOptions=Name=inject, Family=inet, Addr=127.0.0.1, Port=10026, M=E, InputMailFilters=opendkim
O InputMailFilters=clamav, sealmilter, opendkim
Kvirtuser hash -o {dir}/virtusertable
Xclamav, S=local:/run/clamav.sock, F=T, T=C:30s;S:60s;R:120s;E:5m
Xsealmilter, S=unix:{dir}/run/milter.sock, F=T, T=C:30s;S:60s;R:120s;E:5m
Xopendkim, S=inet:8891@127.0.0.1
"""


class Sendmail(Case):
    def setUp(self):
        super().setUp()
        self.site.configure(inject="127.0.0.1:10026")
        self.done("policy", "load")
        self.file("aliases", "postmaster: root\n")
        self.file("local-host-names", "ours.example\n")
        self.configure()

    def configure(self, old="", new=""):
        self.assertIn(old, CF)
        self.cf = self.file("sendmail.cf", CF.replace(old, new).format(dir=self.site.dir))

    def examine(self):
        result = self.site.run("doctor", "--json", "--sendmail", self.cf)
        findings = json.loads(result.text)["findings"]
        self.assertEqual(result.returncode, int(any(f["severity"] == "error" for f in findings)), result.errors)
        words = ("sendmail.cf", "size-limit", "leaves the site", "re-injection", str(self.site.dir) + "/aliases")
        return [(f["severity"], f["what"]) for f in findings if any(word in f["what"] for word in words)]

    def assert_found(self, severity, *parts):
        findings = self.examine()
        self.assertTrue(any(s == severity and all(part in what for part in parts) for s, what in findings), findings)

    def assert_sound(self):
        self.assertEqual([(s, what) for s, what in self.examine() if s != "good"], [])

    def test_sound_settings_are_found_good(self):
        self.assert_found("good", "runs exactly the milters that stand after sealmilter")
        self.assert_sound()

    def test_filter_without_tempfail(self):
        for old, new in (("milter.sock, F=T", "milter.sock"), ("milter.sock, F=T", "milter.sock, F=R")):
            self.configure(old, new)
            self.assert_found("error", "the filter sealmilter has F=")
        self.configure("milter.sock, F=T", "milter.sock, F=4")
        self.assert_sound()

    def test_filter_that_is_missing(self):
        self.configure("milter.sock", "other.sock")
        self.assert_found("error", "has no filter with the socket unix:")

    def test_filter_that_is_defined_but_not_asked(self):
        self.configure("clamav, sealmilter, opendkim", "clamav, opendkim")
        self.assert_found("error", "InputMailFilters does not name sealmilter")

    def test_socket_of_either_notation(self):
        self.configure("S=unix:", "S=local:")
        self.assert_sound()
        self.configure("unix:{dir}/run/milter.sock", "inet:10025@127.0.0.1")
        self.site.configure(socket="inet:10025@127.0.0.1")
        self.assert_sound()

    def test_listener_without_a_filter_that_stands_after_ours(self):
        for new in (", InputMailFilters=", ", InputMailFilters=clamav"):
            self.configure(", InputMailFilters=opendkim", new)
            self.assert_found("error", "does not run opendkim, which stands after sealmilter")

    def test_listener_that_runs_sealmilter(self):
        for new in ("", ", InputMailFilters=sealmilter;opendkim"):
            self.configure(", InputMailFilters=opendkim", new)
            self.assert_found("error", "runs sealmilter")

    def test_other_listener_with_filters_of_its_own(self):
        for new in ("", "clamav;opendkim"):
            self.configure("Port=25", f"Port=25, InputMailFilters={new}")
            self.assert_found("warning", "daemon Name=mx has InputMailFilters without sealmilter")
        self.configure("Port=25", "Port=25, InputMailFilters=clamav;sealmilter;opendkim")
        self.assert_sound()

    def test_missing_listener(self):
        self.configure("Port=10026", "Port=10027")
        self.assert_found("error", "has no daemon on 127.0.0.1:10026")
        self.site.configure(inject='""')
        self.assert_found("warning", "no re-injection listener")

    def test_addresses_that_change_behind_our_signature(self):
        for line, what in (("DMours.example", "masquerading (DM)"), ("Kgenerics hash /etc/mail/genericstable", "the generics table")):
            self.cf = self.file("sendmail.cf", CF.format(dir=self.site.dir) + line + "\n")
            self.assert_found("warning", what, "changes addresses")
        self.cf = self.file("sendmail.cf", CF.format(dir=self.site.dir) + "DM\n")
        self.assert_sound()

    def test_size_limit(self):
        self.configure("52428800", "1000000")
        self.assert_found("error", "message-size-limit is 52428800, but Sendmail's MaxMessageSize 1000000")
        self.configure("O MaxMessageSize=52428800\n", "")
        self.assert_sound()

    # ---- aliases that leave the site (R51) ----

    def test_alias_that_leaves_the_site(self):
        self.file("aliases", "# press: x@far.example\nroot: alice\npress: alice,\n\tagency@far.example\nbox: /var/mail/box\n")
        self.assert_found("error", "press@ours.example leaves the site to agency@far.example")
        self.assertEqual(len([what for _, what in self.examine() if "leaves the site" in what]), 1)

    def test_domain_of_class_w_decides_whose_alias_it_is(self):
        self.file("aliases", "press: agency@far.example\n")
        self.file("local-host-names", "other.example\n")
        self.assert_sound()
        self.configure("Cwlocalhost", "Cwlocalhost ours.example")
        self.assert_found("error", "press@ours.example leaves the site")

    def test_virtual_user_that_leaves_the_site(self):
        self.file("virtusertable", "info@ours.example\talice\n@ours.example\t%1@far.example\n")
        self.assert_found("error", "*@ours.example leaves the site to %1@far.example")

    def test_declared_alias_is_no_finding(self):
        self.file("aliases", "press: agency@far.example\n")
        self.site.policy.write_text(POLICY.replace("\nrule", "\nexternal alias press@ours.example\nrule", 1))
        self.done("policy", "load")
        self.assert_sound()

    def test_alias_file_that_cannot_be_read(self):
        (self.site.dir / "aliases").unlink()
        self.assert_found("warning", f"{self.site.dir}/aliases: No such file")

    def test_hostile_file_does_no_harm(self):
        for content in (b"", b"\0" * 10000, b"X" * 100000, b"Xsealmilter, S=\nO InputMailFilters=" + b"," * 10000, b"O DaemonPortOptions=\n" * 9):
            self.cf = self.file("sendmail.cf", content)
            self.assert_found("error", "has no filter")


if __name__ == "__main__":
    unittest.main()
