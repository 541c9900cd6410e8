"""The units of config/systemd, as systemd itself reads them: they are well-formed, set nothing that
the programs don't know, and are as hardened as docs/security.md says. No systemd has to run."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["FUNDGATE_BUILD"])
UNITS = {"fundgated.service": ["fundgated"],
         "fundgate-sidecar@.service": ["fundgate-sidecar", "run"]}
INSTALLED = "/usr/local/bin/"
# Tenths of what systemd calls the exposure: 0 is none, 100 all there is.
MOST_EXPOSED = 15


def analyze(verb, options, text, name):
    """What systemd-analyze says of a unit: its exit code, and all that it wrote."""
    with tempfile.TemporaryDirectory(prefix="units-") as folder:
        unit = pathlib.Path(folder) / name
        unit.write_text(text)
        said = subprocess.run(["systemd-analyze", verb, "--no-pager", *options, unit], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "SYSTEMD_COLORS": "0"})
        return said.returncode, said.stdout


def verify(text, name):
    # The programs lie where this build put them.
    return analyze("verify", ["--man=no"], text.replace(INSTALLED, f"{BUILD}/bin/"), name)


def exposure(text, name):
    return analyze("security", ["--offline=true", f"--threshold={MOST_EXPOSED}"], text, name)


class Units(unittest.TestCase):
    def setUp(self):
        self.texts = {name: (ROOT / "config" / "systemd" / name).read_text() for name in UNITS}

    def test_systemd_finds_nothing_wrong_with_them(self):
        for name, text in self.texts.items():
            self.assertEqual(verify(text, name), (0, ""), name)

    def test_a_misspelled_key_and_a_missing_program_are_found(self):
        for name, text in self.texts.items():
            _, said = verify(text.replace("ProtectSystem=", "ProtectSytem="), name)
            self.assertIn("ProtectSytem", said)
            code, said = verify(text.replace("/fundgate", "/no-fundgate"), name)
            self.assertNotEqual(code, 0, said)

    def test_they_expose_no_more_than_they_must(self):
        for name, text in self.texts.items():
            code, said = exposure(text, name)
            self.assertEqual(code, 0, said)

    def test_one_that_is_less_hardened_is_found(self):
        for name, text in self.texts.items():
            for line in ("CapabilityBoundingSet=\n", "User=fundgate\n", "SystemCallFilter=@system"):
                self.assertIn(line, text)
            loose = re.sub(r"(?m)^(CapabilityBoundingSet|SystemCallFilter)=.*\n", "", text)
            code, said = exposure(loose, name)
            self.assertNotEqual(code, 0, said)

    def test_they_set_nothing_that_the_programs_dont_know(self):
        for name, words in UNITS.items():
            told = subprocess.run([BUILD / "bin" / words[0], *words[1:], "--help"], text=True,
                                  capture_output=True, check=True).stdout
            variables = re.findall(r"(?m)^Environment=(\w+)=", self.texts[name])
            self.assertGreater(len(variables), 3)
            for variable in variables:
                self.assertRegex(told, rf"\b{variable}\b", name)

    def test_neither_runs_as_root(self):
        for name, text in self.texts.items():
            self.assertRegex(text, r"(?m)^User=fundgate$", name)
            self.assertRegex(text, r"(?m)^NoNewPrivileges=yes$", name)


if __name__ == "__main__":
    unittest.main()
