public import ProjectModel
public import Reconciler

/// What the host's network holds.
public protocol HostNetwork: Sendable {
    /// Ports on which something listens, such that binding them on `address` would fail.
    func listeningPorts(on address: String) throws(HostError) -> Set<UInt16>
    /// Destinations of the host's routes, the default route left out.
    func routes() throws(HostError) -> [IPv4Network]
    /// Range from which the kernel takes ports of outgoing connections.
    func ephemeralPorts() throws(HostError) -> PortRange?
}

/// Why the host could not be asked.
public struct HostError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened.
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Runs probes against services over the network.
public protocol ServiceProber: Sendable {
    /// Runs one probe; it never takes longer than `deadline`. A probe that is a command is not for this port.
    func run(_ probe: Probe, at address: IPv4Address, deadline: Duration) async -> ProbeResult
}

/// Time, as a port: tests bring their own.
public protocol TimeSource: Sendable {
    /// The present time by the wall clock, which may be set at any time.
    func now() -> Timestamp
    /// Time since some moment in the past that stays the same. It never goes back, and counts the time that the
    /// machine or the process was suspended.
    func uptime() -> Duration
    /// Waits; throws when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

extension TimeSource {
    /// For clocks that are only ever moved forward, as those of tests are.
    public func uptime() -> Duration { now().since(Timestamp(milliseconds: 0)) }
}
