import Orchestrator
import Synchronization

/// Logs of containers that a test writes while they are followed.
final class FakeContainerLogs: ContainerLogs {
    private struct Log {
        var lines: [LogLine] = []
        var hasEnded = false
    }

    private let logs = Mutex<[String: Log]>([:])
    private let errors = Mutex<[EngineError]>([])

    /// Answers the next questions for a log with errors, one each.
    func fail(with errors: [EngineError]) { self.errors.withLock { $0 += errors } }

    /// Writes a line; its moment is so many nanoseconds after the epoch.
    func write(_ text: String, at nanoseconds: Int, in container: String) {
        let digits = String(nanoseconds)
        let padded = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        let line = LogLine(at: LogMoment("1970-01-01T00:00:00.\(padded)Z"), text: text)
        logs.withLock { $0[container, default: Log()].lines.append(line) }
    }

    /// Ends the run whose log this is.
    func end(_ container: String) { logs.withLock { $0[container, default: Log()].hasEnded = true } }

    /// Begins a new run, whose log continues that of the previous one.
    func restart(_ container: String) { logs.withLock { $0[container, default: Log()].hasEnded = false } }

    func follow(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error> {
        if let error = errors.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
        let before = logs.withLock { $0[id]?.lines ?? [] }
        let position =
            switch start {
            case .last(let lines): max(0, before.count - lines)
            case .after(let moment): before.count { ($0.at ?? moment) <= moment }
            }
        let reader = Reader(logs: self, container: id, position: position)
        return AsyncThrowingStream { try await reader.next() }
    }

    func past(
        container id: String, from start: LogStart
    ) async throws(EngineError) -> AsyncThrowingStream<[LogLine], any Error> {
        if let error = errors.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
        let lines = logs.withLock { $0[id]?.lines ?? [] }
        return AsyncThrowingStream { continuation in
            switch start {
            case .last(let count): continuation.yield(Array(lines.suffix(count)))
            case .after(let moment): continuation.yield(lines.filter { ($0.at ?? moment) > moment })
            }
            continuation.finish()
        }
    }

    private actor Reader {
        let logs: FakeContainerLogs
        let container: String
        var position: Int

        init(logs: FakeContainerLogs, container: String, position: Int) {
            self.logs = logs
            self.container = container
            self.position = position
        }

        func next() async throws -> [LogLine]? {
            while true {
                let log = logs.logs.withLock { $0[container] ?? Log() }
                if position < log.lines.count {
                    defer { position = log.lines.count }
                    return Array(log.lines[position...])
                }
                if log.hasEnded { return nil }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
