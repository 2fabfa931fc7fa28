import FoundationEssentials
public import ProjectModel

/// The machine's own clock.
public struct SystemTime: TimeSource {
    /// The machine's clock.
    public init() {}

    public func now() -> Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
