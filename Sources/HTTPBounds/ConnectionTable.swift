/// The open connections and their states, as a value. Decides which are accepted, and which are closed for them.
package struct ConnectionTable<ID: Hashable & Sendable>: Sendable {

    /// Whether a connection may stay.
    package enum Decision: Sendable, Equatable {
        /// It may; another one, which waits for a request, has to go for it.
        case accepted(evicting: ID?)
        /// All others have requests in progress.
        case refused
    }

    private struct Entry {
        let network: ClientNetwork
        /// Grows with each wait for a request and each request; odd while a request is in progress.
        var turn: UInt64 = 0
        /// When it began to wait, by ``clock``.
        var waitsSince: UInt64

        var isWaiting: Bool { turn.isMultiple(of: 2) }
    }

    private let limits: ConnectionLimits
    private var entries: [ID: Entry] = [:]
    private var counts: [ClientNetwork: Int] = [:]
    /// Grows with each event: orders the waiting ones.
    private var clock: UInt64 = 0

    package init(limits: ConnectionLimits) { self.limits = limits }

    /// Connections at the moment.
    package var count: Int { entries.count }

    /// A connection comes in. One that is refused is not counted.
    package mutating func open(_ id: ID, from network: ClientNetwork) -> Decision {
        clock += 1
        var evicted: ID?
        if !network.isLocal, counts[network, default: 0] >= limits.perNetwork {
            guard let oldest = oldestWaiting(where: { $0 == network }) else { return .refused }
            evicted = oldest
        } else if entries.count >= (network.isLocal ? limits.total : limits.total - limits.reserved) {
            // Others before this host's own.
            guard let oldest = oldestWaiting(where: { !$0.isLocal }) ?? localVictim(for: network) else {
                return .refused
            }
            evicted = oldest
        }
        if let evicted { close(evicted) }
        entries[id] = Entry(network: network, waitsSince: clock)
        counts[network, default: 0] += 1
        return .accepted(evicting: evicted)
    }

    /// A connection is gone.
    package mutating func close(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        let left = counts[entry.network, default: 1] - 1
        counts[entry.network] = left > 0 ? left : nil
    }

    /// A request's head has come.
    package mutating func beginRequest(_ id: ID) {
        guard entries[id]?.isWaiting == true else { return }
        entries[id]?.turn += 1
    }

    /// An answer is written. The turn in which the connection waits now.
    package mutating func endRequest(_ id: ID) -> UInt64? {
        clock += 1
        guard let entry = entries[id], !entry.isWaiting else { return nil }
        entries[id]?.turn += 1
        entries[id]?.waitsSince = clock
        return entry.turn + 1
    }

    /// Whether a connection still waits in this turn.
    package func isWaiting(_ id: ID, in turn: UInt64) -> Bool {
        guard let entry = entries[id] else { return false }
        return entry.isWaiting && entry.turn == turn
    }

    private func localVictim(for network: ClientNetwork) -> ID? {
        network.isLocal ? oldestWaiting { $0.isLocal } : nil
    }

    private func oldestWaiting(where isCandidate: (ClientNetwork) -> Bool) -> ID? {
        entries.filter { $0.value.isWaiting && isCandidate($0.value.network) }
            .min { $0.value.waitsSince < $1.value.waitsSince }?.key
    }
}

/// How many connections there may be.
package struct ConnectionLimits: Sendable, Equatable {
    /// In all.
    package var total: Int
    /// The limit of one network, ``ClientNetwork``.
    package var perNetwork: Int
    /// Places of the total that only this host's own clients get: the probes of a service manager, a proxy.
    package var reserved: Int

    /// Limits.
    package init(total: Int, perNetwork: Int, reserved: Int) {
        self.total = total
        self.perNetwork = perNetwork
        self.reserved = reserved
    }
}

/// Where a client is, as far as it is counted: an IPv4 address, or the /64 network that one IPv6 subscriber has.
package enum ClientNetwork: Hashable, Sendable {
    /// This host itself.
    case local
    /// An address or a network, as text.
    case remote(String)

    package var isLocal: Bool { self == .local }

    /// - Parameter address: as the socket names it; IPv4 also in its IPv6 form (`::ffff:192.0.2.1`).
    package init(_ address: String) {
        let plain = Self.unmapped(address)
        if plain.hasPrefix("127.") || plain == "::1" || plain == "local" {
            self = .local
        } else {
            self = .remote(plain.contains(":") ? Self.network(of: plain) : plain)
        }
    }

    private static func unmapped(_ address: String) -> String {
        let prefix = "::ffff:"
        guard address.lowercased().hasPrefix(prefix), address.contains(".") else { return address.lowercased() }
        return String(address.dropFirst(prefix.count))
    }

    /// The first four groups of an IPv6 address, whose zeros may be left out (RFC 5952).
    private static func network(of address: String) -> String {
        let plain = address.prefix { $0 != "%" }
        guard let gap = plain.firstRange(of: "::") else {
            return plain.split(separator: ":").prefix(4).joined(separator: ":")
        }
        let head = plain[..<gap.lowerBound].split(separator: ":")
        let tail = plain[gap.upperBound...].split(separator: ":")
        let zeros = [Substring](repeating: "0", count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":")
    }
}
