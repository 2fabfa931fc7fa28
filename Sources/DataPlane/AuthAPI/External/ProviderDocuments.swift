import DataPlaneCore
import Synchronization

/// Issuer and keys as a provider publishes them.
struct ProviderKeySet: Sendable {
    /// `issuer` of the discovery document.
    var issuer: String
    var keys: [ProviderKey]
    var fetchedAt: Double
}

/// Keys of providers, fetched by the discovery document and kept for a while.
///
/// Addresses come from the configuration. A provider is asked at most once in ``retrySeconds``, however many tokens
/// name a key that it does not have, and whether or not it answers.
final class ProviderDocuments: Sendable {
    /// Longest time that keys are kept without asking again.
    static let lifeSeconds: Double = 3_600
    /// Shortest time between two questions to one provider.
    static let retrySeconds: Double = 10
    /// Most providers whose keys are kept.
    static let entriesMax = 64
    private static let path = "/.well-known/openid-configuration"

    private struct Entry {
        var set: ProviderKeySet?
        var askedAt: Double
    }

    private let exchange: ProviderExchange
    private let clock: @Sendable () -> Double
    private let entries = Mutex<[String: Entry]>([:])

    init(exchange: ProviderExchange, clock: @escaping @Sendable () -> Double) {
        self.exchange = exchange
        self.clock = clock
    }

    /// The keys of the provider at an address, among them one that may have signed the token, if there is such a one.
    func keySet(at base: String, for token: IDToken) async throws(ProviderFailure) -> ProviderKeySet {
        let now = clock()
        let known = entries.withLock { $0[base] }
        let isRecent = known.map { now - $0.askedAt < Self.retrySeconds && now >= $0.askedAt } ?? false
        if let set = known?.set, now - set.fetchedAt < Self.lifeSeconds {
            if !token.candidates(among: set.keys).isEmpty || isRecent { return set }
        } else if isRecent {
            throw .unavailable("the keys at \(base) could not be read a moment ago")
        }
        return try await fetch(base, at: now, keeping: known?.set)
    }

    private func fetch(
        _ base: String, at now: Double, keeping old: ProviderKeySet?
    ) async throws(ProviderFailure) -> ProviderKeySet {
        store(Entry(set: old, askedAt: now), at: base)
        let description = try await document(.provider("GET", base + Self.path))
        guard let issuer = description["issuer"]?.stringValue, let address = description["jwks_uri"]?.stringValue else {
            throw .unreadable("the discovery document at \(base) names no issuer or no keys")
        }
        // The document may name another host, but not leave the encrypted way.
        guard address.hasPrefix("https://") || address.hasPrefix("http://") && base.hasPrefix("http://") else {
            throw .unreadable("the discovery document at \(base) names keys at an address that is not https")
        }
        let keys = ProviderKey.keys(of: try await document(.provider("GET", address)))
        let set = ProviderKeySet(issuer: issuer, keys: keys, fetchedAt: now)
        store(Entry(set: set, askedAt: now), at: base)
        return set
    }

    private func document(_ request: OutboundRequest) async throws(ProviderFailure) -> JSONText {
        let answer = try await exchange.answer(to: request)
        guard answer.isSuccess, let json = answer.document else { throw .refused(status: answer.status, error: nil) }
        return json
    }

    private func store(_ entry: Entry, at base: String) {
        entries.withLock { entries in
            if entries[base] == nil, entries.count >= Self.entriesMax,
                let oldest = entries.min(by: { $0.value.askedAt < $1.value.askedAt })?.key
            {
                entries[oldest] = nil
            }
            entries[base] = entry
        }
    }
}

/// Why a provider's word could not be had. Holds no secret, no code and no token.
enum ProviderFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case unavailable(String)
    case unreadable(String)
    case refused(status: Int, error: String?)
    case token(IDTokenProblem)
    case crypto

    /// The reason, for the log.
    var description: String {
        switch self {
        case .unavailable(let reason): "the provider does not answer: \(reason)"
        case .unreadable(let reason): "the provider's answer cannot be used: \(reason)"
        case .refused(let status, let error):
            "the provider answered with status \(status)\(error.map { " and the error \($0)" } ?? "")"
        case .token(let problem): "the provider's ID token is refused: \(problem)"
        case .crypto: "libcrypto failed"
        }
    }
}
