import Orchestrator
import ProjectModel

/// Users who want jobs, and a world in which things happen.
extension JobStorm {
    /// Longest times between two requests of users.
    private static let pauseMax = 2_500
    /// Longest time until a job is due.
    private static let delayMax = 20_000

    func use(until end: Timestamp) async throws {
        var known: [NewJob] = []
        while host.time.steady < end {
            switch random.number(below: 12) {
            case 0: if !known.isEmpty { _ = await enqueue(known[random.number(below: known.count)]) }
            case 1: await cancel()
            case 2: _ = try? await requests.hasten(Self.slow, key: JobDefinition.Recurring.key, at: host.time.now())
            case 3:
                for _ in 1...(10 + random.number(below: 30)) { _ = await enqueue(draw(&known, isDue: true)) }
            default: _ = await enqueue(draw(&known, isDue: false))
            }
            try await host.time.sleep(for: .milliseconds(random.number(below: Self.pauseMax) + 50))
        }
    }

    private func draw(_ known: inout [NewJob], isDue: Bool) -> NewJob {
        let isSingle = random.number(below: 2) == 0
        let locks = [nil, nil, JobLock("a"), JobLock("b"), JobLock("c")]
        let job = NewJob(
            isSingle ? Self.single : Self.repeated, key: "job \(known.count)",
            lock: locks[random.number(below: locks.count)], contract: isSingle ? .atMostOnce : .atLeastOnce,
            priority: JobPriority.allCases[random.number(below: JobPriority.allCases.count)],
            due: host.time.now() + .milliseconds(isDue ? 0 : random.number(below: Self.delayMax)))
        known.append(job)
        return job
    }

    /// What the answer does not contain is not promised. False when there was none.
    func enqueue(_ job: NewJob) async -> Bool {
        guard let stored = try? await requests.enqueue(job, at: host.time.now()) else { return false }
        auditor.noteEnqueued(job, as: stored)
        return true
    }

    private func cancel() async {
        let ids = auditor.acknowledged
        guard !ids.isEmpty else { return }
        let id = ids[random.number(below: ids.count)]
        let now = host.time.now()
        auditor.noteCancelling(id)
        _ = try? await requests.cancel(id, at: now, keptUntil: now + .seconds(86_400))
    }

    func disturb(until end: Timestamp) async throws {
        while host.time.steady < end {
            try await host.time.sleep(for: .milliseconds(random.number(below: 15_000) + 500))
            switch random.number(below: 3) {
            case 0:
                weather.count(.storeDown)
                store.setDown(true)
                desk.setDown(true)
                try await host.time.sleep(for: .milliseconds(random.number(below: 12_000) + 1))
                store.setDown(false)
                desk.setDown(false)
            default: setClockAtRandom()
            }
        }
    }

    /// Half a second to two hours, there and back.
    private func setClockAtRandom() {
        let seconds = [1, 10, 60, 600, 7_200][random.number(below: 5)]
        let size = Duration.milliseconds(500 + random.number(below: seconds * 1_000))
        setClock(by: random.number(below: 2) == 0 ? size : .zero - size)
    }

    func setClock(by size: Duration) {
        weather.count(size < .zero ? .clockBackwards : .clockForwards)
        host.time.setClock(by: size)
        auditor.noteClockSet()
    }
}
