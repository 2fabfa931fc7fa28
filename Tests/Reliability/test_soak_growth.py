"""What the soak takes for a leak, and what not."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/lib"))
import soak


class SteadyGrowth(unittest.TestCase):
    def test_a_leak_is_found_beside_noise(self):
        points = [(life, 80_000 + 30 * life + (life * 7919) % 40) for life in range(100)]
        self.assertAlmostEqual(soak.steady_growth(points), 30, delta=4)

    def test_a_leak_is_found_beside_a_step(self):
        points = [(life, 80_000 + 30 * life + (12_000 if life > 60 else 0)) for life in range(100)]
        self.assertAlmostEqual(soak.steady_growth(points), 30, delta=0.1)

    def test_steps_are_no_leak(self):
        points = [(life, 80_000 + (6_000 if life > 40 else 0) + (5_000 if life > 70 else 0)) for life in range(100)]
        self.assertEqual(soak.steady_growth(points), 0)

    def test_without_a_stretch_nothing_is_said(self):
        self.assertIsNone(soak.steady_growth([(0, 1), (3, 9)]))


if __name__ == "__main__":
    unittest.main()
