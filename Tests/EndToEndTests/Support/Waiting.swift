import Foundation

/// What a test could not do or did not see.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Poll interval.
let lookInterval: Duration = .milliseconds(50)

/// Looks until `look` gives a value.
///
/// - Throws: ``Trouble`` with `what` when it gave none within `limit`.
nonisolated(nonsending) func eventually<Value: Sendable>(
    _ what: @autoclosure () -> String, within limit: Duration,
    _ look: nonisolated(nonsending) () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await look() { return value }
        guard .now < deadline else { throw Trouble("not seen within \(limit): \(what())") }
        try await Task.sleep(for: lookInterval)
    }
}

/// Runs a clean-up that has to happen even when the test has been cancelled by its time limit.
func uncancelled(_ work: @escaping @Sendable () async -> Void) async {
    await Task { await work() }.value
}
