"""sealadm doctor on main.cf and master.cf, as postconf(1) reads them."""
import grp
import json
import os
import socket
import subprocess
import unittest

from support import POLICY, Case

MAIN = {"compatibility_level": "3.6", "queue_directory": "/var/spool/postfix", "mydestination": "localhost, ours.example",
        "myhostname": "mx.ours.example", "alias_maps": "", "virtual_alias_maps": "", "message_size_limit": "52428800",
        "milter_default_action": "tempfail", "smtpd_milters": "inet:127.0.0.1:7357, unix:{socket}, inet:127.0.0.1:8891",
        "non_smtpd_milters": "$smtpd_milters"}
SERVICES = """\
smtp inet n - n - - smtpd
submission inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
127.0.0.1:10026 inet n - n - - smtpd
  -o smtpd_milters=inet:127.0.0.1:8891
  -o receive_override_options=no_unknown_recipient_checks
cleanup unix n - n - 0 cleanup
"""
LEAVES_CLEAR = "default action for sealmilter"


class Postfix(Case):
    def setUp(self):
        super().setUp()
        self.site.configure(inject="127.0.0.1:10026")
        self.socket = f"{self.site.dir}/run/milter.sock"
        self.etc = self.site.dir / "etc"
        self.etc.mkdir()
        self.done("policy", "load")
        self.configure()

    def configure(self, services=SERVICES, **main):
        settings = {key: value.format(socket=self.socket) for key, value in (MAIN | main).items()}
        (self.etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (self.etc / "master.cf").write_text(services)
        for file in self.etc.glob("*.cf"):
            os.utime(file, (1, 1))  # Postfix reads what is younger than two seconds again and again, with naps

    def examine(self):
        """Findings about the MTA: (severity, text), but for the version, which is this machine's."""
        result = self.site.run("doctor", "--json", "--postfix", self.etc)
        findings = json.loads(result.text)["findings"]
        self.assertEqual(result.returncode, int(any(f["severity"] == "error" for f in findings)), result.errors)
        return [(f["severity"], f["what"]) for f in findings
                if any(word in f["what"] for word in ("main.cf", "master.cf", "size", "leaves the site", "cannot be listed", "re-inj",
                                                     "the socket"))]

    def assert_found(self, severity, *parts):
        findings = self.examine()
        self.assertTrue(any(s == severity and all(part in what for part in parts) for s, what in findings), findings)

    def assert_sound(self):
        self.assertEqual([(s, what) for s, what in self.examine() if s != "good"], [])

    # ---- who is asked, and what happens when he does not answer ----

    def test_sound_settings_are_found_good(self):
        self.assert_found("good", "master.cf 127.0.0.1:10026 runs exactly the milters that stand after sealmilter")
        self.assert_sound()

    def test_default_action_that_lets_mail_out(self):
        for action in ("accept", "reject", "quarantine"):
            self.configure(milter_default_action=action)
            self.assert_found("error", "smtpd_milters", LEAVES_CLEAR, action)
            self.assert_found("error", "non_smtpd_milters", LEAVES_CLEAR, action)

    def test_default_action_of_the_milter_itself_counts(self):
        milters = "inet:127.0.0.1:7357, {{ unix:{socket}, connect_timeout=10s, default_action=%s }}, inet:127.0.0.1:8891"
        self.configure(milter_default_action="accept", smtpd_milters=milters % "tempfail")
        self.assert_sound()
        self.configure(smtpd_milters=milters % "accept")
        self.assert_found("error", LEAVES_CLEAR, "accept")

    def test_milter_that_is_not_asked(self):
        self.configure(smtpd_milters="inet:127.0.0.1:8891")
        self.assert_found("error", "smtpd_milters does not name unix:")

    def test_local_mail_that_bypasses_the_milter(self):
        for value in ("", "inet:127.0.0.1:8891"):
            self.configure(non_smtpd_milters=value)
            self.assert_found("error", "non_smtpd_milters does not name")

    def test_socket_of_either_notation(self):
        self.site.configure(socket="inet:10025@127.0.0.1")
        self.configure(smtpd_milters="inet:127.0.0.1:7357 inet:127.0.0.1:10025 inet:127.0.0.1:8891")
        self.assert_sound()
        self.site.configure(socket="inet6:10025@::1")
        self.configure(smtpd_milters="inet:127.0.0.1:7357 inet:[::1]:10025 inet:127.0.0.1:8891")
        self.assert_sound()

    def test_socket_in_the_chroot_is_the_same(self):
        self.site.configure(socket="unix:/var/spool/postfix/seal/milter.sock")
        for name in ("unix:/seal/milter.sock", "unix:seal/milter.sock", "unix:/var/spool/postfix/seal/milter.sock"):
            self.configure(smtpd_milters=f"inet:127.0.0.1:7357 {name} inet:127.0.0.1:8891")
            self.assert_sound()
        self.configure(smtpd_milters="unix:/other/milter.sock")
        self.assert_found("error", "smtpd_milters does not name")

    def test_socket_that_postfix_cannot_see_from_its_chroot(self):
        for locked in (SERVICES.replace("smtp inet n - n", "smtp inet n - y"), SERVICES.replace("cleanup unix n - n", "cleanup unix n - y")):
            self.configure(locked)
            self.assert_found("error", "postfix is locked into /var/spool/postfix and cannot see the socket")
            self.configure(locked, queue_directory=str(self.site.dir / "run"))
            self.assert_sound()

    def test_socket_that_postfix_may_not_use(self):
        folder = self.site.dir / "run"
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.socket)
            for folder_mode, mode, severity in ((0o755, 0o666, "good"), (0o750, 0o666, "error"), (0o755, 0o660, "error")):
                folder.chmod(folder_mode)
                os.chmod(self.socket, mode)
                self.assert_found(severity, "postfix " + ("reaches" if severity == "good" else "does not reach") + " the socket")
            group = grp.getgrnam("postfix").gr_gid
            for path in (folder, self.socket):
                os.chown(path, -1, group)
            os.chmod(folder, 0o750)
            self.assert_found("good", "postfix reaches the socket")

    def test_listener_with_milters_of_its_own(self):
        self.configure(SERVICES.replace("  -o smtpd_sasl_auth", "  -o smtpd_milters=inet:127.0.0.1:8891\n  -o smtpd_sasl_auth"))
        self.assert_found("warning", "master.cf submission has smtpd_milters without sealmilter")

    def test_listener_with_a_default_action_of_its_own(self):
        before = "  -o smtpd_sasl_auth"
        for option in ("milter_default_action=accept", f"{{ smtpd_milters = {{ unix:{self.socket}, default_action=accept }} }}"):
            self.configure(SERVICES.replace(before, f"  -o {option}\n{before}"))
            self.assert_found("error", "master.cf submission", LEAVES_CLEAR, "accept")
        self.configure(SERVICES.replace(before, f"  -o milter_default_action=tempfail\n{before}"), milter_default_action="accept",
                       smtpd_milters="inet:127.0.0.1:7357, {{ unix:{socket}, default_action=tempfail }}, inet:127.0.0.1:8891")
        self.assert_sound()

    def test_what_takes_milters_away(self):
        before = "  -o smtpd_sasl_auth"
        self.configure(SERVICES.replace(before, f"  -o receive_override_options=no_milters\n{before}"))
        self.assert_found("warning", "master.cf submission has no_milters")
        self.configure(receive_override_options="no_milters")
        self.assert_found("error", "main.cf: receive_override_options has no_milters")
        self.configure(smtpd_milter_maps="cidr:{{127.0.0.1/32 DISABLE}}")
        self.assert_found("warning", "smtpd_milter_maps")

    # ---- the listener where copies come back ----

    def test_listener_without_a_milter_that_stands_after_ours(self):
        self.configure(SERVICES.replace("  -o smtpd_milters=inet:127.0.0.1:8891", "  -o smtpd_milters="))
        self.assert_found("error", "does not run inet:127.0.0.1:8891, which stands after sealmilter")

    def test_listener_that_runs_sealmilter(self):
        self.configure(SERVICES.replace("  -o smtpd_milters=inet:127.0.0.1:8891\n", ""))
        self.assert_found("error", "master.cf 127.0.0.1:10026 runs sealmilter")

    def test_listener_that_runs_a_milter_before_ours(self):
        self.configure(SERVICES.replace("milters=inet:127.0.0.1:8891", "milters=inet:127.0.0.1:7357,inet:127.0.0.1:8891"))
        self.assert_found("warning", "runs inet:127.0.0.1:7357, which stands before sealmilter")

    def test_listener_that_asks_no_milters(self):
        self.configure(SERVICES.replace("no_unknown_recipient_checks", "no_milters"))
        self.assert_found("error", "does not run inet:127.0.0.1:8891")

    def test_listener_that_maps_no_addresses(self):
        self.configure(SERVICES.replace("no_unknown_recipient_checks", "no_address_mappings"))
        self.assert_found("error", "has receive_override_options=no_address_mappings")

    def test_missing_listener(self):
        self.site.configure(inject="127.0.0.1:10027")
        self.assert_found("error", "master.cf has no listener on 127.0.0.1:10027")

    def test_listener_may_be_written_in_several_ways(self):
        for name in ("localhost:10026", "10026"):
            self.configure(SERVICES.replace("127.0.0.1:10026", name))
            self.assert_sound()

    def test_no_listener_at_all_is_a_warning(self):
        self.site.configure(inject='""')
        self.configure(SERVICES.replace("127.0.0.1:10026 inet", "127.0.0.1:10026 unix"))
        self.assert_found("warning", "no re-injection listener")

    # ---- sizes ----

    def test_addresses_that_change_behind_our_signature(self):
        for name in ("smtp_generic_maps", "lmtp_generic_maps"):
            self.configure(**{name: "inline:{{ a@ours.example = b@ours.example }}"})
            self.assert_found("warning", f"main.cf: {name} changes addresses")
        self.configure(SERVICES + "relay unix - - n - - smtp\n  -o smtp_generic_maps=inline:{a@ours.example=b@ours.example}\n")
        self.assert_found("warning", "master.cf relay/unix: smtp_generic_maps changes addresses")

    def test_text_and_fields_that_change_behind_our_signature(self):
        for name in ("smtp_header_checks", "smtp_mime_header_checks", "smtp_nested_header_checks", "smtp_body_checks"):
            self.configure(**{name: "pcre:/etc/postfix/checks"})
            self.assert_found("warning", f"main.cf: {name} acts when a message leaves")

    def test_what_is_rewritten_before_us_does_no_harm(self):
        self.configure(SERVICES + "relay unix - - n - - smtp\n  -o smtp_generic_maps=\n", masquerade_domains="ours.example",
                       sender_canonical_maps="inline:{{ a@ours.example = b@ours.example }}", header_checks="pcre:/etc/postfix/checks",
                       local_header_rewrite_clients="static:all")
        self.assert_sound()

    def test_limit_of_ours_above_postfixs(self):
        self.configure(message_size_limit="40000000")
        self.assert_found("error", "message-size-limit is 52428800, but Postfix's message_size_limit 40000000")
        self.site.configure(message_size_limit="30M")
        self.assert_sound()

    def test_limit_that_leaves_no_room_for_protection(self):
        self.site.configure(message_size_limit="5M")
        self.configure(message_size_limit="10240000")
        self.assert_found("warning", "message_size_limit is 10240000", "may not fit once protected")

    def test_no_limit_is_no_finding(self):
        self.configure(message_size_limit="0")
        self.assert_sound()

    # ---- aliases that leave the site (R51) ----

    def map(self, program, name, text):
        path = self.site.dir / name
        path.write_text(text)
        made = subprocess.run([program, "-c", self.etc, f"hash:{path}"], capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        return f"hash:{path}"

    def test_virtual_alias_that_leaves_the_site(self):
        name = self.map("postmap", "virtual", "press@ours.example a@ours.example, agency@far.example\n"
                                              "info@ours.example a@ours.example\nx@other.example y@far.example\n")
        self.configure(virtual_alias_maps=name)
        self.assert_found("error", name, "press@ours.example leaves the site to agency@far.example")
        self.assertEqual(len([what for _, what in self.examine() if "leaves the site" in what]), 1)

    def test_declared_alias_is_no_finding(self):
        self.configure(virtual_alias_maps=self.map("postmap", "virtual", "press@ours.example agency@far.example\n"))
        self.site.policy.write_text(POLICY.replace("\nrule", "\nexternal alias press@ours.example\nrule", 1))
        self.done("policy", "load")
        self.assert_sound()

    def test_whole_domain_that_leaves_the_site(self):
        self.configure(virtual_alias_maps=self.map("postmap", "virtual", "@ours.example @far.example\n"))
        self.assert_found("error", "*@ours.example leaves the site to *@far.example")

    def test_local_alias_that_leaves_the_site(self):
        text = "press: agency@far.example\nroot: alice\nnull: /dev/null\nprogram: \"|exit\"\n"
        self.configure(alias_maps=self.map("postalias", "aliases", text))
        self.assert_found("error", "press@ours.example leaves the site to agency@far.example")
        self.assertEqual(len([what for _, what in self.examine() if "leaves the site" in what]), 1)

    def test_map_that_cannot_be_listed_is_left_to_the_administrator(self):
        self.configure(virtual_alias_maps="regexp:/nonexistent")
        self.assert_found("warning", "virtual_alias_maps: the map regexp:/nonexistent cannot be listed")

    # ---- Postfix itself ----

    def version_warning(self, version):
        self.configure(mail_version=version)
        said = json.loads(self.site.run("doctor", "--json", "--postfix", self.etc).text)["findings"]
        return any(f["severity"] == "warning" and f"Postfix {version} has known faults" in f["what"] for f in said)

    def test_versions_with_known_faults(self):
        for version in ("3.5.25", "3.7.11", "3.7.21", "3.8.99", "3.10.11", "3.11.4"):
            self.assertTrue(self.version_warning(version), version)
        for version in ("3.7.22", "3.10.12", "3.11.5", "3.12.0", "4.0.0"):
            self.assertFalse(self.version_warning(version), version)

    def test_folder_without_postfix_is_an_error(self):
        self.fails("doctor", "--postfix", "/nonexistent", says="postconf")


if __name__ == "__main__":
    unittest.main()
