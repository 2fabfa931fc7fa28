public import Orchestrator
public import ProjectModel

/// What every ``RegistryLoginStore`` promises. Tests run it on ``InMemoryRegistryLoginStore`` and on PostgreSQL.
public enum RegistryLoginStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    public static func run(on store: any RegistryLoginStore) async throws {
        let (first, second) = (try login("ghcr.io", 1), try login("a.example:5000", 2))
        try promise("an empty store has no logins", try await store.logins().isEmpty)
        try promise("nor any for one registry", try await store.login(at: first.host) == nil)
        try promise("nor anything to forget", try await store.delete(at: first.host) == nil)
        for login in [first, second] {
            try promise("a login is stored", try await store.save(login, limit: 2))
        }
        try promise("logins come by host", try await store.logins() == [second, first])
        try promise("a login is what was stored", try await store.login(at: second.host) == second)
        try promise("no more than the limit are stored", try await !store.save(login("b.example", 3), limit: 2))
        var changed = first
        (changed.username, changed.sealedPassword) = ("other", [0, 255])
        changed.updatedAt = Timestamp(milliseconds: 9_000)
        try promise("a login replaces the previous one, limit or not", try await store.save(changed, limit: 2))
        try promise("which is gone", try await store.logins() == [second, changed])
        try promise("what is forgotten is given", try await store.delete(at: first.host) == changed)
        try promise("and is gone", try await store.logins() == [second])
    }

    private static func login(_ host: String, _ number: UInt8) throws -> RegistryLogin {
        guard let host = RegistryHost(host) else { throw ContractViolation("\(host) is no registry") }
        return RegistryLogin(
            host: host, username: "account \(number)", sealedPassword: [number],
            updatedAt: Timestamp(milliseconds: Int64(number) * 1_000))
    }
}

/// A sealer without cryptography: it only marks the password with its context.
public struct PlainRegistryPasswordSealer: RegistryPasswordSealer {
    public init() {}

    private func context(_ username: String, _ host: RegistryHost) -> [UInt8] { Array("\(host) \(username)\0".utf8) }

    /// The registry, the account, and the password's bytes, each inverted.
    public func seal(
        _ password: Secret<String>, of username: String, at host: RegistryHost
    ) throws(KeyError) -> [UInt8] {
        context(username, host) + password.reveal().utf8.map { ~$0 }
    }

    /// The password, when it was sealed for this registry and account.
    public func open(
        _ sealed: [UInt8], of username: String, at host: RegistryHost
    ) throws(KeyError) -> Secret<String> {
        let context = context(username, host)
        guard sealed.starts(with: context) else { throw .cannotMint("sealed for another registry or account") }
        return Secret(String(decoding: sealed.dropFirst(context.count).map { ~$0 }, as: UTF8.self))
    }
}
