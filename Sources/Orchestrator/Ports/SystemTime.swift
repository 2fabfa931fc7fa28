import FoundationEssentials
public import ProjectModel

/// The machine's own clock.
public struct SystemTime: TimeSource {
    /// The machine's clock.
    public init() {}

    /// The time of the machine's clock.
    public func now() -> Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    /// Waits on the machine's continuous clock.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
