import PostgresKit

/// Who asks for which changes.
struct SubscriptionBook: Sendable {
    /// A request whose filters PostgreSQL has accepted.
    struct Compiled: Sendable {
        var request: ChangeRequest
        var tests: [FilterTest]
    }

    /// A channel's requests.
    struct Entry: Sendable {
        var ticket: UInt64
        var claims: ChannelClaims
        /// What was asked for and accepted once.
        var asked: [ChangeRequest]
        /// What of it PostgreSQL still accepts.
        var requests: [Compiled]
        /// Why it does not accept the rest; nil where there is none.
        var problem: ChangeProblem?
        /// Whether it was checked again since it is here: its table may have gone on the way.
        var isReviewed = false

        init(ticket: UInt64, claims: ChannelClaims, requests: [Compiled]) {
            self.ticket = ticket
            self.claims = claims
            self.requests = requests
            asked = requests.map(\.request)
        }
    }

    /// A request that may want a change.
    struct Match: Sendable {
        var channel: ChannelID
        var ticket: UInt64
        var claims: ChannelClaims
        var id: Int
        var columns: Set<String>?
        var tests: [FilterTest]
    }

    /// Tickets that still count; what was asked for before is outdated.
    private var wanted: [ChannelID: UInt64] = [:]
    private(set) var entries: [ChannelID: Entry] = [:]

    /// Whether any channel wants changes.
    var isEmpty: Bool { wanted.isEmpty }
    /// Roles that changes are shown to.
    var roles: Set<String> { Set(entries.values.map(\.claims.role)) }

    /// A channel asks; what it asked for before counts until it is answered.
    mutating func want(_ channel: ChannelID, _ ticket: UInt64) { wanted[channel] = ticket }

    /// Whether a request still counts.
    func isWanted(_ channel: ChannelID, _ ticket: UInt64) -> Bool { wanted[channel] == ticket }

    mutating func forget(_ channel: ChannelID) {
        wanted[channel] = nil
        entries[channel] = nil
    }

    /// Whether the requests count; they do not when the channel has asked again since, or has gone.
    mutating func add(_ channel: ChannelID, _ entry: Entry) -> Bool {
        guard wanted[channel] == entry.ticket else { return false }
        entries[channel] = entry
        return true
    }

    /// Requests that were refused count no more; those under earlier claims end with them.
    mutating func refuse(_ channel: ChannelID, _ ticket: UInt64) {
        guard wanted[channel] == ticket else { return }
        forget(channel)
    }

    /// Whether a channel still has a request.
    func has(_ id: Int, of channel: ChannelID) -> Bool {
        entries[channel]?.asked.contains { $0.id == id } == true
    }

    /// One request of a channel ends.
    mutating func drop(_ id: Int, of channel: ChannelID, _ ticket: UInt64) {
        guard entries[channel]?.ticket == ticket else { return }
        entries[channel]?.asked.removeAll { $0.id == id }
        entries[channel]?.requests.removeAll { $0.request.id == id }
        if entries[channel]?.asked.isEmpty == true { forget(channel) }
    }

    /// What PostgreSQL accepts now of a channel's requests. Whether there is something to tell.
    mutating func review(
        _ channel: ChannelID, _ ticket: UInt64, accepted requests: [Compiled], problem: ChangeProblem?
    ) -> Bool {
        guard let entry = entries[channel], entry.ticket == ticket else { return false }
        entries[channel]?.requests = requests
        entries[channel]?.problem = problem
        entries[channel]?.isReviewed = true
        return entry.problem != problem
    }

    /// The requests that are about a change, filters not looked at.
    func matches(_ change: RowChange) -> [Match] {
        entries.flatMap { channel, entry in
            entry.requests.compactMap { compiled in
                let request = compiled.request
                guard request.kinds.contains(change.kind),
                    request.concerns(schema: change.relation.schema, table: change.relation.name)
                else { return nil }
                return Match(
                    channel: channel, ticket: entry.ticket, claims: entry.claims, id: request.id,
                    columns: request.columns, tests: compiled.tests)
            }
        }
    }
}
