import Orchestrator
import ProjectSQL
import Synchronization

/// An importer that reads a dump to its end, remembers it, and answers what a test says.
final class FakeDatabaseImporter: DatabaseImporter {
    struct Call: Sendable {
        let target: DatabaseTarget
        let isDryRun: Bool
        var received = 0
        /// Bytes of the dump, and nil for one that was cut off.
        var bytes: Int?
        var isCommitted = false
    }

    private let recorded = Mutex<[Call]>([])
    private let failure = Mutex<ImportError?>(nil)

    private let atEnd = Mutex<(@Sendable () async throws -> Void)?>(nil)

    /// What happens from now on between the end of a dump and the commit.
    func atEnd(_ work: (@Sendable () async throws -> Void)?) { atEnd.withLock { $0 = work } }

    /// What was begun so far.
    var calls: [Call] { recorded.withLock { $0 } }

    /// Refuses from now on, with the first piece of a dump.
    func refuse(_ error: ImportError?) { failure.withLock { $0 = error } }

    func run(
        _ dump: DumpSource, on target: DatabaseTarget, isDryRun: Bool,
        confirm: @Sendable () async throws -> Void
    ) async throws -> ImportReport {
        recorded.withLock { $0.append(Call(target: target, isDryRun: isDryRun)) }
        try await dump { bytes in
            if let error = self.failure.withLock({ $0 }) { throw error }
            self.recorded.withLock { $0[$0.count - 1].received += bytes.count }
        }
        recorded.withLock { $0[$0.count - 1].bytes = $0[$0.count - 1].received }
        if let work = atEnd.withLock({ $0 }) { try await work() }
        if !isDryRun { try await confirm() }
        recorded.withLock { $0[$0.count - 1].isCommitted = !isDryRun }
        var report = ImportReport()
        report.isDryRun = isDryRun
        report.rows = ["public.notes": 3]
        return report
    }
}
