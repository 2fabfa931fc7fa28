"""What scripts/make-images replaces, and what it does not."""

import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class StacksFolderTests(unittest.TestCase):
    def test_a_folder_with_other_files_is_left_as_it_is(self):
        for name in ("notes.txt", ".hidden", "folder"):
            with self.subTest(name=name), tempfile.TemporaryDirectory() as folder:
                kept = Path(folder, name)
                kept.mkdir() if name == "folder" else kept.write_text("mine")
                done = subprocess.run(
                    [ROOT / "scripts/make-images", "--stacks", folder, "--projectd", "/bin/true"],
                    capture_output=True, text=True, timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(folder, done.stderr)
                self.assertIn("name another folder", done.stderr)
                self.assertEqual([entry.name for entry in Path(folder).iterdir()], [name])

    def test_a_file_is_no_folder(self):
        with tempfile.NamedTemporaryFile() as file:
            done = subprocess.run(
                [ROOT / "scripts/make-images", "--stacks", file.name, "--projectd", "/bin/true"],
                capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertTrue(Path(file.name).exists())


if __name__ == "__main__":
    unittest.main()
