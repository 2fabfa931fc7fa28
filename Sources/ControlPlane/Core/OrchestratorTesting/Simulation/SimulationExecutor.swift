import Dispatch
import Synchronization

/// Runs tasks one at a time, in an order drawn from a seed, and calls `whenIdle` when none of them can run. Together
/// with ``VirtualTime`` this makes a run of concurrent loops repeatable and free of real waiting, and each seed tries
/// another interleaving.
final class SimulationExecutor: TaskExecutor {
    /// Most jobs between two calls of `whenIdle`: time passes even for a loop that never waits.
    static let jobsPerInstantMax = 20_000

    private struct State {
        var jobs: [UnownedJob] = []
        var isRunning = false
        var generator: SeededGenerator
    }

    private let state: Mutex<State>
    private let thread = DispatchQueue(label: "simulation")
    /// Moves the world on; false when there is nothing to move.
    private let whenIdle: @Sendable () -> Bool

    init(seed: UInt64, whenIdle: @escaping @Sendable () -> Bool) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        self.whenIdle = whenIdle
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let waiting = UnownedJob(job)
        let isIdle = state.withLock { state in
            state.jobs.append(waiting)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isIdle { thread.async { self.drain() } }
    }

    private func drain() {
        var jobsNow = 0
        while true {
            if jobsNow < Self.jobsPerInstantMax, let job = draw() {
                jobsNow += 1
                // SAFETY: `self` lives as long as this method runs, and each job is drawn, hence run, exactly once.
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
                continue
            }
            jobsNow = 0
            if whenIdle() { continue }
            let isDone = state.withLock { state in
                state.isRunning = !state.jobs.isEmpty
                return !state.isRunning
            }
            if isDone { return }
        }
    }

    private func draw() -> UnownedJob? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            let index = Int.random(in: 0..<state.jobs.count, using: &state.generator)
            state.jobs.swapAt(index, state.jobs.count - 1)
            return state.jobs.removeLast()
        }
    }
}
