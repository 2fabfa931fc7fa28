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

    private static let start = ContinuousClock.now

    /// The machine's continuous clock (`CLOCK_BOOTTIME`).
    public func uptime() -> Duration { Self.start.duration(to: .now) }

    /// Waits on the machine's continuous clock.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
