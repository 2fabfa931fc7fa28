import Orchestrator
import ProjectModel

extension StoreContractRun {
    private static let digest = String(repeating: "0a", count: 32)

    private func key(
        _ number: Int, name: String = "default", kind: APIKeyKind = .publishable, description: String? = nil
    ) -> StoredAPIKey {
        StoredAPIKey(
            id: "00000000-0000-4000-8000-00000000000\(number)", name: name, kind: kind, prefix: kind.prefix + "abcde",
            digest: Self.digest, sealed: [UInt8(number), 0, 255], description: description, role: kind.role,
            insertedAt: start, updatedAt: start)
    }

    private func configuration() async throws -> StoredConfiguration {
        try await store.configuration(of: .sample(1_002))
    }

    private func change(_ body: (inout ConfigurationChange) -> Void) async throws -> Bool {
        var change = ConfigurationChange(from: try await configuration().revision, at: start + .seconds(100))
        body(&change)
        return try await store.change(.sample(1_002), change)
    }

    func checkConfiguration() async throws {
        try await checkSettings()
        try await checkKeys()
        try await checkFunctionSecrets()
        try await checkRevisions()
        try await checkNames()
    }

    private func checkSettings() async throws {
        try promise("a new project has configured nothing", try await configuration() == StoredConfiguration())
        let missing = try await error { () async throws(StoreError) in
            _ = try await store.configuration(of: .sample(999))
        }
        try promise("the configuration of an unknown project is notFound", missing == .notFound(.sample(999)))
        let isSet = try await change { $0.settings = ["SITE_URL": [1, 0, 255], "EMPTY": [], "GONE": nil] }
        let set = try await configuration()
        try promise(
            "settings are read back byte by byte", isSet && set.settings == ["SITE_URL": [1, 0, 255], "EMPTY": []])
        try promise("a change raises the revision", set.revision == 1)
        try promise("the record has the revision", try await record(2).configurationRevision == 1)
        try promise("a change is noted", try await record(2).updatedAt == start + .seconds(100))
        _ = try await change { $0.settings = ["SITE_URL": [2], "EMPTY": nil] }
        try promise("settings are replaced and forgotten", try await configuration().settings == ["SITE_URL": [2]])
        _ = try await change { $0.secrets = ["JWT_SECRET": [9], "MORE": [8]] }
        let secrets = try await store.secrets(of: .sample(1_002))
        try promise("secrets are replaced and added", secrets.values == ["JWT_SECRET": [9], "EMPTY": [], "MORE": [8]])
        try promise("their key stays", secrets.wrappedKey == [1, 2, 0, 255])
    }

    private func checkKeys() async throws {
        _ = try await change {
            $0.savedKeys = [key(2, name: "default", kind: .secret), key(1), key(3, name: "Another")]
        }
        let keys = try await configuration().apiKeys
        try promise(
            "keys are read back by name and kind",
            keys == [key(3, name: "Another"), key(1), key(2, name: "default", kind: .secret)])
        var edited = key(1, name: "renamed", description: "for \"phones\"")
        edited.updatedAt = start + .seconds(5)
        _ = try await change {
            $0.savedKeys = [edited]
            $0.removedKeys = ["00000000-0000-4000-8000-000000000003", "no id at all"]
            $0.acceptsLegacyKeys = false
        }
        let next = try await configuration()
        try promise("keys are edited and forgotten", next.apiKeys == [key(2, name: "default", kind: .secret), edited])
        try promise("signed keys can be switched off", !next.acceptsLegacyKeys)
        let clash = try await error { () async throws(StoreError) in
            var change = ConfigurationChange(from: next.revision, at: start)
            change.settings = ["LEFT_OVER": [1]]
            change.savedKeys = [key(4, name: "renamed")]
            _ = try await store.change(.sample(1_002), change)
        }
        guard case .refused = clash else { throw ContractViolation("two keys of a kind with one name are refused") }
        try promise("a refused change changes nothing", try await configuration() == next)
        _ = try await change { $0.savedKeys = [key(5, name: "renamed", kind: .secret)] }
        try promise("a name can be used by each kind", try await configuration().apiKeys.count == 3)
    }

    private func checkFunctionSecrets() async throws {
        let secret = StoredFunctionSecret(sealed: [7, 0], updatedAt: start + .seconds(3))
        _ = try await change { $0.functionSecrets = ["A": secret, "B": secret, "C": nil] }
        try promise(
            "function secrets are read back", try await configuration().functionSecrets == ["A": secret, "B": secret])
        var other = secret
        other.sealed = [6]
        _ = try await change { $0.functionSecrets = ["A": other, "B": nil] }
        try promise("they are replaced and forgotten", try await configuration().functionSecrets == ["A": other])
    }

    private func checkRevisions() async throws {
        let before = try await configuration()
        for revision in [before.revision - 1, before.revision + 1] {
            var stale = ConfigurationChange(from: revision, at: start)
            stale.settings = ["SITE_URL": [99]]
            try promise(
                "a change from another revision is not made", try await !store.change(.sample(1_002), stale))
        }
        try promise(
            "an unknown project is not changed",
            try await !store.change(.sample(999), ConfigurationChange(from: 0, at: start)))
        try promise("and changes nothing", try await configuration() == before)
        let neighbour = try await store.configuration(of: .sample(1_001))
        try promise("nor is a neighbour concerned", neighbour == StoredConfiguration())
    }

    private func checkNames() async throws {
        let ref = try await record(2).ref
        try await store.rename(ref, to: try ProjectName("Renamed"), at: start + .seconds(7))
        let renamed = try await record(2)
        try promise("a project is renamed", renamed.name.text == "Renamed" && renamed.updatedAt == start + .seconds(7))
        try await store.rename(ref, to: try ProjectName("RENAMED"), at: start)
        try promise("its own name in other letters is free", try await record(2).name.text == "RENAMED")
        try await store.rename(ref, to: try ProjectName("Project 1"), at: start)
        let taken = try ProjectName("Taken")
        let missing = try await error { () async throws(StoreError) in
            try await store.rename(.sample(999), to: taken, at: start)
        }
        try promise("an unknown project is not renamed", missing == .notFound(.sample(999)))
        var rival = try project(8, name: "Taken", organization: "other")
        rival.leases.subnet = try project(8).leases.subnet
        _ = try await store.insert(rival)
        let clash = try await error { () async throws(StoreError) in try await store.rename(ref, to: taken, at: start) }
        guard case .nameTaken("Taken") = clash else { throw ContractViolation("a name of the organization is taken") }
        _ = try await transition(8, from: .provisioning, to: .deleting, seconds: 8)
        try promise(
            "a project on its way out keeps its configuration",
            try await !store.change(.sample(1_008), ConfigurationChange(from: 0, at: start)))
        _ = try await transition(8, from: .deleting, to: .deleted, seconds: 9) { $0.leases = .releaseAndForgetSecrets }
        let gone = try await error { () async throws(StoreError) in
            _ = try await store.configuration(of: .sample(1_008))
        }
        try promise("the configuration of a deleted project is gone", gone == .notFound(.sample(1_008)))
    }

    /// A restart of single services, and then one of all.
    func checkRestarts() async throws {
        _ = try await transition(2, from: .provisioning, to: .active, seconds: 20)
        _ = try await transition(2, from: .active, to: .restarting, seconds: 30) {
            $0.requestsRestart = true
            $0.restartServices = [.gateway]
        }
        let one = try await record(2)
        try promise(
            "a restart of one service is noted",
            one.restartServices == [.gateway] && one.restartRequestedAt == start + .seconds(30))
        _ = try await transition(2, from: .restarting, to: .active, seconds: 40)
        try promise("it stays noted", try await record(2).restartServices == [.gateway])
        _ = try await transition(2, from: .active, to: .restarting, seconds: 50) { $0.requestsRestart = true }
        try promise("a restart of all is about all", try await record(2).restartServices == nil)
        _ = try await transition(2, from: .restarting, to: .active, seconds: 60) { $0.fulfilsRestart = true }
        try promise("a restart that is done is forgotten", try await record(2).restartRequestedAt == nil)
        _ = try await transition(2, from: .active, to: .restarting, seconds: 70) {
            $0.requestsRestart = true
            $0.restartServices = [.gateway]
        }
        _ = try await transition(2, from: .restarting, to: .active, seconds: 80) { $0.fulfilsRestart = true }
        try promise("with the services that it was about", try await record(2).restartServices == nil)
    }
}
