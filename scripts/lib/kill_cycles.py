"""Kill cycles: creations and deletions of small projects under a manager that is killed at random moments."""

import argparse
import concurrent.futures
import random
import sys
import threading
import time

from inventory import Bystanders
from proving_ground import ProvingGround, kill

SELECTIONS = [["imgproxy"], ["gateway"], ["gateway", "imgproxy"], ["imgproxy", "meta", "db"]]
# From the moment that the manager is ready to its next death.
LIFETIME_SECONDS = (0.05, 3.0)
# One start in so many is cut short itself, after at most so many seconds.
STARTS_FOR_ONE_KILLED = 5
START_SECONDS = 1.0


class Cycles:
    """Workers that make and delete projects, and one that kills."""

    def __init__(self, ground, count, seed, deadline):
        self.ground, self.count, self.deadline = ground, count, deadline
        self.random = random.Random(seed)
        self.choices = [self.random.choice(SELECTIONS) for _ in range(count)]
        # Half of the projects are deleted on their way up.
        self.patience = [self.random.choice([None, self.random.uniform(0, 1.5)]) for _ in range(count)]
        self.kills = self.done = 0
        self.finished = threading.Event()
        self.counting = threading.Lock()

    def one(self, number):
        if time.monotonic() > self.deadline:
            raise AssertionError(f"cycle {number} was not begun in time")
        ref = self.ground.create(f"cycle {number}", self.choices[number])
        if self.patience[number] is None:
            self.ground.wait_for(ref, "ACTIVE_HEALTHY")
        else:
            time.sleep(self.patience[number])
        reply = self.ground.perform("DELETE", f"/platform/projects/{ref}")
        assert reply.status == 200, f"deletion of {ref}: {reply}"
        self.ground.wait_for(ref, None)
        with self.counting:
            self.done += 1
            if self.done % 10 == 0:
                print(f"  {self.done} cycles, {self.kills} kills", flush=True)

    def kill_again_and_again(self):
        """Kills the manager and starts it, until the workers have finished."""
        while not self.finished.wait(self.random.uniform(*LIFETIME_SECONDS)):
            self.strike()
            while self.random.randrange(STARTS_FOR_ONE_KILLED) == 0:
                self.ground.manager.launch()
                time.sleep(self.random.uniform(0, START_SECONDS))
                self.strike()
            self.ground.manager.start()

    def strike(self):
        kill(self.ground.manager)
        self.kills += 1

    def run(self, parallel):
        # One thread starts the manager; the workers' clients just ask again.
        self.ground.revive = lambda: None
        with concurrent.futures.ThreadPoolExecutor(parallel + 1) as pool:
            killer = pool.submit(self.kill_again_and_again)
            cycles = [pool.submit(self.one, number) for number in range(self.count)]
            try:
                for cycle in concurrent.futures.as_completed(cycles):
                    cycle.result()
            finally:
                for cycle in cycles:
                    cycle.cancel()
                self.finished.set()
                killer.result()
                del self.ground.revive


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=45)
    arguments = parser.parse_args()
    start = time.monotonic()
    print(f"kill cycles: {arguments.cycles} cycles, {arguments.parallel} at once, seed {arguments.seed}", flush=True)
    bystanders = Bystanders()
    try:
        with ProvingGround(arguments.binary) as ground:
            cycles = Cycles(ground, arguments.cycles, arguments.seed, start + arguments.minutes * 60)
            cycles.run(arguments.parallel)
            wrong = ground.remains()
        wrong += [f"the foreign {path} was changed" for path in bystanders.changed()]
    finally:
        bystanders.remove()
    for one in wrong:
        print(f"left over: {one}")
    print(f"{cycles.done} cycles, {cycles.kills} kills, {len(wrong)} things left over or changed, "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
