import Logging
import ProjectModel
import Synchronization
import Testing

@testable import Orchestrator
@testable import OrchestratorTesting

@Suite("The runner of jobs")
struct JobRunnerTests {
    /// One manager that is active for as long as a test takes.
    private struct Bench: Sendable {
        let host: SimulatedHost
        let store = InMemoryJobStore()
        let lease: ManagerLease
        let signal = JobSignal()

        static func run(_ body: @Sendable (Bench) async throws -> Void) async throws {
            try await SimulatedHost.run(seed: 3) { host in
                let lease = ManagerLease(time: host.time)
                lease.set(.active(FencingToken(1), until: .seconds(1_000_000_000)))
                try await body(Bench(host: host, lease: lease))
            }
        }

        var catalog: JobCatalog { JobCatalog(store: store, signal: signal, time: host.time) }

        /// Runs a runner for as long as `body` takes, and until its handlers have ended.
        func runner(
            _ definitions: [JobDefinition], limits: JobLimits = JobLimits(),
            _ body: @Sendable (JobRunner) async throws -> Void
        ) async throws {
            let runner = try JobRunner(
                store: store, definitions: definitions, lease: lease, manager: "m", signal: signal, limits: limits,
                time: host.time, logger: host.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await runner.runUntilCancelled() }
                defer { group.cancelAll() }
                try await body(runner)
            }
            #expect(runner.runs == [])
        }

        func wait(upTo limit: Duration = .seconds(120), _ condition: @Sendable () -> Bool) async throws {
            #expect(try await host.wait(upTo: limit) { condition() })
        }

        func enqueue(_ kind: JobKind, key: String = "k", contract: JobContract = .atLeastOnce) async throws -> Job {
            try await catalog.enqueue(NewJob(kind, key: key, contract: contract, due: host.time.now()))
        }
    }

    private static let kind = JobKind(known: "test")

    private final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func up() { number.add(1, ordering: .relaxed) }
    }

    @Test("a job that is enqueued runs at once, and its result is stored")
    func runs() async throws {
        try await Bench.run { bench in
            let definition = JobDefinition(Self.kind) { context in
                try await context.note(JobProgress(done: 1, total: 2, message: "half"))
                return "of \(context.job.payload)"
            }
            try await bench.runner([definition]) { _ in
                try await bench.host.time.sleep(for: .seconds(2))
                let begin = bench.host.time.now()
                let job = try await bench.catalog.enqueue(
                    NewJob(Self.kind, key: "k", payload: "it", due: bench.host.time.now()))
                try await bench.wait { bench.store.row(job.id)?.state == .succeeded }
                let row = try #require(bench.store.row(job.id))
                #expect(row.result == "of it" && row.progress?.message == "half" && row.holder == nil)
                #expect(row.endedAt?.since(begin) ?? .seconds(9) < .seconds(1), "it waited for the regular look")
            }
        }
    }

    @Test("a job that is due later runs when it is due, and not at the next regular look")
    func alarm() async throws {
        try await Bench.run { bench in
            try await bench.runner([JobDefinition(Self.kind) { _ in "" }]) { _ in
                let due = bench.host.time.now() + .milliseconds(7_300)
                let job = try await bench.catalog.enqueue(NewJob(Self.kind, key: "k", due: due))
                try await bench.wait { bench.store.row(job.id)?.state == .succeeded }
                let late = try #require(bench.store.row(job.id)?.endedAt).since(due)
                #expect(late >= .zero && late < .milliseconds(300))
            }
        }
    }

    @Test("a failure is tried again after growing waits, up to its limit, and tells its reason")
    func retries() async throws {
        try await Bench.run { bench in
            let count = Count()
            let retry = JobRetry(first: .seconds(2), longest: .seconds(60), attemptsMax: 3)
            let definition = JobDefinition(Self.kind, retry: retry) { _ in
                count.up()
                throw HostError("the disk is full")
            }
            try await bench.runner([definition]) { _ in
                let begin = bench.host.time.now()
                let job = try await bench.enqueue(Self.kind)
                try await bench.wait { bench.store.row(job.id)?.state == .failed }
                #expect(count.value == 3 && bench.store.row(job.id)?.error == "the disk is full")
                #expect(bench.host.time.now().since(begin) >= .seconds(6))
            }
        }
    }

    @Test("a failure that no other try can mend, and one of a job that runs at most once, is final")
    func finalFailures() async throws {
        try await Bench.run { bench in
            let other = JobKind(known: "other")
            let definitions = [
                JobDefinition(Self.kind) { _ in throw JobFailure("of no use") },
                JobDefinition(other) { _ in throw HostError("once") },
            ]
            try await bench.runner(definitions) { _ in
                let jobs = [
                    try await bench.enqueue(Self.kind), try await bench.enqueue(other, key: "k", contract: .atMostOnce),
                ]
                try await bench.wait(upTo: .seconds(20)) {
                    jobs.allSatisfy { bench.store.row($0.id)?.state == .failed }
                }
                #expect(jobs.allSatisfy { bench.store.row($0.id)?.run == 1 })
            }
        }
    }

    @Test("a run that takes too long is ended; one that is not wanted any more, too")
    func ends() async throws {
        try await Bench.run { bench in
            let endless = JobDefinition(
                Self.kind, retry: JobRetry(attemptsMax: 1), timeLimit: .seconds(30), parallelMax: 2
            ) { _ in
                try await bench.host.time.sleep(for: .seconds(86_400))
                return ""
            }
            try await bench.runner([endless]) { runner in
                let long = try await bench.enqueue(Self.kind, key: "long")
                let unwanted = try await bench.enqueue(Self.kind, key: "unwanted")
                try await bench.wait { runner.runs.count == 2 }
                #expect(try await bench.catalog.cancel(unwanted.id).isCancelRequested)
                try await bench.wait(upTo: .seconds(10)) { bench.store.row(unwanted.id)?.state == .cancelled }
                try await bench.wait(upTo: .seconds(40)) { bench.store.row(long.id)?.state == .failed }
                #expect(bench.store.row(long.id)?.error == "it took longer than 30 s")
            }
        }
    }

    @Test("time in which the process did not run is no time of a run")
    func watchedTime() {
        var watched = WatchedTime(from: .seconds(100), interval: .seconds(1))
        watched.look(at: .seconds(101))
        watched.look(at: .seconds(5_000))
        watched.look(at: .seconds(5_001))
        #expect(watched.total == .seconds(4))
    }

    @Test("a manager that stops leaves its runs to the next term: again, or failed where that is promised")
    func stops() async throws {
        try await Bench.run { bench in
            let count = Count()
            let waiting = JobDefinition(Self.kind) { _ in
                count.up()
                try await bench.host.time.sleep(for: .seconds(60))
                return "done"
            }
            let (again, once) = (
                try await bench.enqueue(Self.kind), try await bench.enqueue(Self.kind, key: "1", contract: .atMostOnce)
            )
            try await bench.runner([waiting]) { runner in try await bench.wait { runner.runs.count == 2 } }
            #expect([again, once].allSatisfy { bench.store.row($0.id)?.state == .running })
            bench.lease.set(.active(FencingToken(2), until: .seconds(1_000_000_000)))
            try await bench.runner([waiting]) { _ in
                try await bench.wait(upTo: .seconds(5)) { bench.store.row(once.id)?.state == .failed }
                try await bench.wait { bench.store.row(again.id)?.state == .succeeded }
            }
            #expect(count.value == 3 && bench.store.row(again.id)?.run == 2)
            #expect(bench.store.row(once.id)?.outcome == .interrupted && bench.store.row(once.id)?.run == 1)
        }
    }

    @Test("jobs of kinds that this program does not know wait")
    func unknownKinds() async throws {
        try await Bench.run { bench in
            let job = try await bench.enqueue(JobKind(known: "of.another.version"))
            try await bench.runner([JobDefinition(Self.kind) { _ in "" }]) { _ in
                try await bench.host.time.sleep(for: .seconds(30))
            }
            #expect(bench.store.row(job.id) == job)
        }
    }

    @Test("two handlers of one kind, keys and payloads out of bounds are reported as mistakes")
    func mistakes() async throws {
        try await Bench.run { bench in
            let one = JobDefinition(Self.kind) { _ in "" }
            await #expect(throws: JobError.kindTwice(Self.kind)) { try await bench.runner([one, one]) { _ in } }
            let now = bench.host.time.now()
            for key in ["", String(repeating: "x", count: 201)] {
                await #expect(throws: JobError.badKey(Self.kind)) {
                    _ = try await bench.catalog.enqueue(NewJob(Self.kind, key: key, due: now))
                }
            }
            await #expect(throws: JobError.payloadTooLong(Self.kind)) {
                let payload = String(repeating: "x", count: JobLimits.payloadBytesMax + 1)
                _ = try await bench.catalog.enqueue(NewJob(Self.kind, key: "k", payload: payload, due: now))
            }
            await #expect(throws: JobError.noJob(99)) { _ = try await bench.catalog.cancel(99) }
        }
    }

    @Test("a manager's own job runs at the beginning of a term where it should, then on its times, and soon when asked")
    func recurring() async throws {
        try await Bench.run { bench in
            let (count, atStart) = (Count(), Count())
            let interval = JobInterval(.seconds(60), phase: .seconds(10))
            let other = JobKind(known: "at-start")
            let definitions = [
                JobDefinition(Self.kind, recurring: .init(interval)) { _ in
                    count.up()
                    return ""
                },
                JobDefinition(other, recurring: .init(interval, startsWithTerm: true)) { _ in
                    atStart.up()
                    return ""
                },
            ]
            try await bench.runner(definitions) { _ in
                try await bench.wait(upTo: .seconds(3)) { atStart.value == 1 }
                #expect(count.value == 0)
                #expect(try await bench.catalog.runSoon(Self.kind))
                try await bench.wait(upTo: .seconds(3)) { count.value == 1 }
                try await bench.host.time.sleep(for: .seconds(600))
                #expect((10...12).contains(count.value) && (10...12).contains(atStart.value))
                let id = try #require(try await bench.store.job(Self.kind, key: JobDefinition.Recurring.key)).id
                await #expect(throws: JobError.recurring(id)) { _ = try await bench.catalog.cancel(id) }
            }
            let before = count.value
            try await bench.host.time.sleep(for: .seconds(3_600))
            try await bench.runner(definitions) { _ in try await bench.host.time.sleep(for: .seconds(30)) }
            #expect((1...2).contains(count.value - before), "an hour without a manager is made up for by one run")
        }
    }
}
