public import Orchestrator
import Synchronization

/// A project database that answers what a test says, and remembers what it was asked.
public final class FakeProjectDatabase: ProjectDatabase {
    public struct Call: Sendable {
        /// What was to be run.
        public let query: ProjectQueryText
        /// On which database.
        public let target: DatabaseTarget
    }

    /// Decides on the answer to a call.
    public typealias Answer = @Sendable (Call) throws(ProjectDatabaseError) -> QueryAnswer

    private let answer: Mutex<Answer>
    private let recorded = Mutex<[Call]>([])
    private let hangs = Mutex(false)

    /// A database; without a closure it answers every query with no rows.
    public init(answer: @escaping Answer = { _ in QueryAnswer(json: Array("[]".utf8), rowCount: 0) }) {
        self.answer = Mutex(answer)
    }

    /// A database that answers every query with these rows, a JSON array.
    public convenience init(rows: String, count: Int) {
        self.init { _ in QueryAnswer(json: Array(rows.utf8), rowCount: count) }
    }

    /// Answers differently from now on.
    public func setAnswer(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

    /// Answers nothing from now on: a call ends only when its task is cancelled.
    public func hang() { hangs.withLock { $0 = true } }

    /// The calls so far.
    public var calls: [Call] { recorded.withLock { $0 } }

    /// Records the call and answers it.
    public func run(
        _ query: ProjectQueryText, on target: DatabaseTarget
    ) async throws(ProjectDatabaseError) -> QueryAnswer {
        let call = Call(query: query, target: target)
        recorded.withLock { $0.append(call) }
        while hangs.withLock({ $0 }) {
            do { try await Task.sleep(for: .seconds(3_600)) } catch { throw .cancelled }
        }
        return try answer.withLock { $0 }(call)
    }
}
