/// What a project's clients may do at most. The defaults are those of a server of one's own.
public struct RealtimeLimits: Sendable, Equatable {
    /// Connections at once.
    public var connectionsMax = 200
    /// Channels of one connection.
    public var channelsPerConnectionMax = 100
    /// Joins of the project in a second, over ``RateWindow/seconds``.
    public var joinsPerSecondMax = 100
    /// Broadcasts of the project's clients in a second, over ``RateWindow/seconds``.
    public var messagesPerSecondMax = 100
    /// Bytes of one broadcast's payload.
    public var broadcastBytesMax = 3_000_500
    /// Members of one tracked object.
    public var presenceKeysMax = 10
    /// Presence messages of the project in a second.
    public var presencePerSecondMax = 1_000
    /// Presence calls of one channel within ``presenceSeconds``; a further one is refused.
    public var presenceCallsMax = 5
    /// Seconds that presence calls are counted over.
    public var presenceSeconds: Double = 30
    /// Bytes of one tracked object.
    public var presenceBytesMax = 65_536
    /// Pushes that wait while a private channel's rights are looked up.
    public var waitingPushesMax = 64
    /// Changes that one channel asks for.
    public var bindingsMax = 100
    /// Bytes of a change's record.
    public var changeBytesMax = 1_048_576
    /// Bytes of one row as the database sends it; a larger one ends the replication before it is received, and the next
    /// begins behind it. Nil sets no bound.
    public var replicatedBytesMax: Int?
    /// Whether channels without policies are refused.
    public var isPrivateOnly = false
    /// Bytes of one WebSocket message.
    public var frameBytesMax = 5_000_000
    /// Bytes that wait for one client; one that takes them in more slowly is dropped.
    public var outboundBytesMax = 8 << 20
    /// Bytes that all connections together hold: half of them of messages that clients have not finished, half of those
    /// that wait for clients.
    public var socketBytesInFlightMax = 32 << 20
    /// Seconds without a sign of life after which a connection ends.
    public var idleSeconds: Double = 60

    /// The defaults.
    public init() {}
}

/// Counts over a minute, in steps of five seconds.
struct RateWindow: Sendable {
    /// Seconds that the average is taken over.
    static let seconds = 60
    private static let stepSeconds: Double = 5

    private var counts = [Int](repeating: 0, count: seconds / Int(stepSeconds))
    private var step = 0

    /// Counts one event. Whether the average stays within a limit per second.
    mutating func count(at now: Double, perSecondMax: Int) -> Bool {
        advance(to: now)
        counts[step % counts.count] += 1
        let (countMax, overflows) = perSecondMax.multipliedReportingOverflow(by: Self.seconds)
        return overflows || total <= countMax
    }

    /// Events of the last minute.
    var total: Int { counts.reduce(0, +) }

    mutating func advance(to now: Double) {
        let wanted = max(step, Int(exactly: (now / Self.stepSeconds).rounded(.down)) ?? step)
        if wanted - step >= counts.count {
            counts = counts.map { _ in 0 }
        } else {
            for passed in step..<wanted { counts[(passed + 1) % counts.count] = 0 }
        }
        step = wanted
    }
}
