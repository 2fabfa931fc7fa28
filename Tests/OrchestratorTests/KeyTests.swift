import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("API keys, function secrets and credentials of a project")
struct KeyTests {
    private func run(
        _ body: @Sendable (SimulatedHost, ProjectCatalog, ProjectRef) async throws -> Void
    ) async throws {
        try await SimulatedHost.run(seed: 1, template: SampleTemplates.configurable) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                try await body(host, manager.catalog, ref)
            }
        }
    }

    private func ids(_ host: SimulatedHost, _ ref: ProjectRef) async throws -> [ServiceName: String] {
        let observed = try await host.engine.observe(ref)
        return Dictionary(observed.containers.compactMap { c in c.service.map { ($0, c.id) } }) { $1 }
    }

    /// The services that get another container by a change.
    private func replaced(
        _ host: SimulatedHost, ref: ProjectRef, change: () async throws -> Void
    ) async throws -> Set<ServiceName> {
        let before = try await ids(host, ref)
        try await change()
        try await host.time.sleep(for: .seconds(1))
        try await host.wait(for: .active, of: ref)
        try await host.time.sleep(for: .seconds(5))
        #expect(try await host.store.project(ref)?.status == .active)
        return Set(try await ids(host, ref).filter { before[$0.key] != $0.value }.keys)
    }

    @Test("every project begins with a key of each kind, named default")
    func firstKeys() async throws {
        try await run { _, catalog, ref async throws in
            let keys = try await catalog.apiKeys(of: ref)
            #expect(keys.map(\.name) == ["default", "default"])
            #expect(keys.map(\.kind) == [.publishable, .secret] && keys.map(\.role) == ["anon", "service_role"])
            for key in keys {
                let text = key.key.reveal()
                #expect(text.hasPrefix(key.prefix) && key.prefix.count == key.kind.prefix.count + 5)
                #expect(try key.digest == PlainKeyMinter().digest(key.key))
                #expect(key.description == nil)
                #expect(!"\(key)".contains(text))
            }
            #expect(Set(keys.map(\.id)).count == 2)
            let id = try #require(keys.first?.id)
            #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
            #expect(try await catalog.legacyKeysEnabled(of: ref))
        }
    }

    @Test("keys are made, renamed and forgotten, and each time the gateway alone is replaced")
    func keys() async throws {
        try await run { host, catalog, ref async throws in
            var made: ProjectAPIKey?
            let first = try await replaced(host, ref: ref) {
                made = try await catalog.createAPIKey(
                    of: ref, kind: .publishable, name: "mobile_app", description: "for phones")
            }
            #expect(first == [.gateway])
            let key = try #require(made)
            #expect(try await catalog.apiKey(key.id, of: ref) == key)
            let renamed = try await replaced(host, ref: ref) {
                let edited = try await catalog.updateAPIKey(
                    key.id, of: ref, APIKeyEdit(name: "other_app", description: .some(nil)))
                #expect(edited.name == "other_app" && edited.description == nil && edited.key == key.key)
            }
            #expect(renamed.isEmpty)
            await #expect(throws: CatalogError.keyNameTaken("default")) {
                try await catalog.updateAPIKey(key.id, of: ref, APIKeyEdit(name: "default"))
            }
            await #expect(throws: CatalogError.keyNameTaken("default")) {
                try await catalog.createAPIKey(of: ref, kind: .secret, name: "default")
            }
            let last = try await replaced(host, ref: ref) {
                let deleted = try await catalog.deleteAPIKey(key.id, of: ref)
                #expect(deleted.name == "other_app")
            }
            #expect(last == [.gateway])
            await #expect(throws: CatalogError.noAPIKey(key.id)) { try await catalog.deleteAPIKey(key.id, of: ref) }
            await #expect(throws: CatalogError.noAPIKey("x")) {
                try await catalog.updateAPIKey("x", of: ref, APIKeyEdit())
            }
            #expect(try await catalog.apiKeys(of: ref).count == 2)
        }
    }

    @Test(
        "a name that is none is refused",
        arguments: ["", "abc", "Abcd", "1abc", "ab-cd", "ab cd", "äbcd", String(repeating: "a", count: 65)])
    func names(name: String) async throws {
        try await run { _, catalog, ref async throws in
            await #expect(throws: CatalogError.self) {
                try await catalog.createAPIKey(of: ref, kind: .secret, name: name)
            }
            #expect(try await catalog.apiKeys(of: ref).count == 2)
        }
    }

    @Test("a project has at most a hundred keys")
    func keyLimit() async throws {
        try await run { _, catalog, ref async throws in
            for number in 2..<APIKeyLimits.countMax {
                _ = try await catalog.createAPIKey(of: ref, kind: .secret, name: "key_\(number)")
            }
            await #expect(throws: CatalogError.badSetting("a project has at most 100 API keys")) {
                try await catalog.createAPIKey(of: ref, kind: .secret, name: "too_many")
            }
            await #expect(throws: CatalogError.self) {
                try await catalog.createAPIKey(
                    of: ref, kind: .secret, name: "described", description: String(repeating: "x", count: 1_025))
            }
        }
    }

    @Test("where signed keys are refused, the manager has a key of its own")
    func legacyKeys() async throws {
        try await run { host, catalog, ref async throws in
            let secrets = try await catalog.secrets(of: ref)
            #expect(secrets["GATEWAY_SERVICE_KEY"] == nil)
            let services = try await replaced(host, ref: ref) {
                try await catalog.setLegacyKeys(enabled: false, of: ref)
            }
            #expect(services == [.gateway])
            #expect(try await !catalog.legacyKeysEnabled(of: ref))
            let key = try await catalog.serviceKey(of: ref)
            #expect(key.reveal().hasPrefix("sb_secret_"))
            let own = try await catalog.apiKeys(of: ref).map(\.key)
            #expect(!own.contains(key))
            let revision = try await catalog.project(ref).configurationRevision
            try await catalog.setLegacyKeys(enabled: false, of: ref)
            #expect(try await catalog.project(ref).configurationRevision == revision)
            try await catalog.setLegacyKeys(enabled: true, of: ref)
            try await catalog.setLegacyKeys(enabled: false, of: ref)
            #expect(try await catalog.serviceKey(of: ref) == key)
        }
    }

    @Test("function secrets reach the functions' service alone, and are never shown")
    func functionSecrets() async throws {
        try await run { host, catalog, ref async throws in
            let services = try await replaced(host, ref: ref) {
                try await catalog.setFunctionSecrets(["B": Secret("two"), "A_1": Secret("")], of: ref)
            }
            #expect(services == [.functions])
            let found = try await catalog.functionSecrets(of: ref)
            #expect(found.map(\.name) == ["A_1", "B"])
            #expect(try found.last?.digest == PlainKeyMinter().digest(Secret("two")))
            #expect(!"\(found)".contains("two"))
            let same = try await replaced(host, ref: ref) {
                try await catalog.setFunctionSecrets(["B": Secret("two")], of: ref)
            }
            #expect(same.isEmpty)
            try await catalog.deleteFunctionSecrets(["B", "NOBODY"], of: ref)
            #expect(try await catalog.functionSecrets(of: ref).map(\.name) == ["A_1"])
        }
    }

    @Test(
        "function secrets that cannot be are refused without being shown",
        arguments: [
            ("SUPABASE_URL", "x"), ("1A", "x"), ("", "x"), ("A-B", "x"), ("A B", "x"), ("Ä", "x"),
            (String(repeating: "A", count: 257), "x"), ("A", "hunter2\0"),
            ("A", "hunter2" + String(repeating: "x", count: 24_576)),
        ])
    func badFunctionSecrets(name: String, value: String) async throws {
        try await run { _, catalog, ref async throws in
            let error = await #expect(throws: CatalogError.self) { () async throws in
                try await catalog.setFunctionSecrets([name: Secret(value), "GOOD": Secret("x")], of: ref)
            }
            guard case .badSetting(let text)? = error else {
                Issue.record("\(String(describing: error)) is not about a secret")
                return
            }
            #expect(!text.contains("hunter2"))
            #expect(try await catalog.functionSecrets(of: ref).isEmpty)
        }
    }

    @Test("names that steer how programs start, and names that the stack gives to functions itself, are refused")
    func reservedNames() async throws {
        try await run { _, catalog, ref async throws in
            let steering = [
                "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PATH", "ENV", "BASH_ENV", "SHELLOPTS", "IFS", "PS4",
                "HOME", "GCONV_PATH", "GLIBC_TUNABLES", "MALLOC_TRACE", "LOCPATH", "NLSPATH", "RES_OPTIONS",
                "HOSTALIASES", "DENO_DIR", "PROJECTD_FUNCTIONS_REGION", "NODE_OPTIONS", "SSH_CLIENT",
            ]
            for name in steering + ["JWT_SECRET", "VERIFY_JWT"] {
                let error = await #expect(throws: CatalogError.self) { () async throws in
                    try await catalog.setFunctionSecrets([name: Secret("hunter2"), "GOOD": Secret("x")], of: ref)
                }
                guard case .badSetting(let text)? = error else {
                    Issue.record("\(name): \(String(describing: error))")
                    continue
                }
                #expect(text.hasPrefix("\(name) is reserved: ") && !text.contains("hunter2"))
            }
            #expect(try await catalog.functionSecrets(of: ref).isEmpty)
            // Names that only look like them.
            try await catalog.setFunctionSecrets(["PATHS": Secret("x"), "OLD_PRELOAD": Secret("x")], of: ref)
        }
    }

    @Test("a function secret from before its name was refused stays stored and hidden, and reaches no container")
    func formerFunctionSecret() async throws {
        let lines = LogLines()
        try await SimulatedHost.run(seed: 1, template: SampleTemplates.configurable, logger: lines.logger()) { host in
            try await host.manage { manager in
                let (ref, catalog) = (try await manager.create(), manager.catalog)
                try await host.wait(for: .active, of: ref)
                try await catalog.setFunctionSecrets(["GOOD": Secret("kept")], of: ref)
                let sealed = try PlainKeyMinter().seal(
                    Secret("/evil.so"), name: "function-secret/LD_PRELOAD",
                    into: try await host.store.secrets(of: ref), of: ref)
                var change = ConfigurationChange(
                    from: try await catalog.project(ref).configurationRevision, at: host.time.now())
                change.functionSecrets["LD_PRELOAD"] = StoredFunctionSecret(sealed: sealed, updatedAt: change.at)
                #expect(try await host.store.change(ref, change))
                // Another change, which renders the stack with all that is stored.
                let services = try await replaced(host, ref: ref) {
                    try await catalog.setFunctionSecrets(["OTHER": Secret("more")], of: ref)
                }
                #expect(services == [.functions])
                let stack = try host.renderer.render(
                    try await catalog.project(ref), values: try await catalog.values(of: ref))
                let environment = stack.services[.functions]?.spec.environment.reveal()
                #expect(environment?["GOOD"] == "kept" && environment?["OTHER"] == "more")
                #expect(environment?["LD_PRELOAD"] == nil)
                #expect(try await catalog.functionSecrets(of: ref).map(\.name) == ["GOOD", "LD_PRELOAD", "OTHER"])
                #expect(try await catalog.redacted("x /evil.so", of: ref) == "x <secret>")
                try await catalog.setFunctionSecrets(["OTHER": Secret("again")], of: ref)
                try await host.time.sleep(for: .seconds(700))
                #expect(lines.all.count { $0.contains("are left out") && $0.contains("names=LD_PRELOAD") } == 1)
                try await catalog.deleteFunctionSecrets(["LD_PRELOAD"], of: ref)
                #expect(try await catalog.functionSecrets(of: ref).map(\.name) == ["GOOD", "OTHER"])
            }
        }
    }

    @Test("a project has at most a hundred function secrets, together at most a mebibyte")
    func functionSecretLimits() async throws {
        try await run { _, catalog, ref async throws in
            let many = Dictionary(uniqueKeysWithValues: (0..<100).map { ("NAME_\($0)", Secret("x")) })
            try await catalog.setFunctionSecrets(many, of: ref)
            await #expect(throws: CatalogError.badSetting("a project has at most 100 function secrets")) {
                try await catalog.setFunctionSecrets(["ONE_MORE": Secret("x")], of: ref)
            }
            try await catalog.deleteFunctionSecrets(Array(many.keys), of: ref)
            let large = Secret(String(repeating: "x", count: SettingLimits.functionSecretBytesMax))
            let heavy = Dictionary(uniqueKeysWithValues: (0..<43).map { ("NAME_\($0)", large) })
            await #expect(throws: CatalogError.self) { try await catalog.setFunctionSecrets(heavy, of: ref) }
            #expect(try await catalog.functionSecrets(of: ref).isEmpty)
        }
    }

    @Test("another token secret signs other keys, and replaces what uses it")
    func rotation() async throws {
        try await run { host, catalog, ref async throws in
            let before = try await catalog.secrets(of: ref)
            let services = try await replaced(host, ref: ref) { try await catalog.rotateJWTSecret(of: ref) }
            #expect(services == [.auth])
            let after = try await catalog.secrets(of: ref)
            #expect(Set(after.keys) == Set(before.keys))
            #expect(after["JWT_SECRET"] != before["JWT_SECRET"] && after["ANON_KEY"] != before["ANON_KEY"])
            #expect(after["POSTGRES_PASSWORD"] == before["POSTGRES_PASSWORD"])
            let given = Secret("a-secret-that-a-user-has-chosen-with-care")
            try await catalog.rotateJWTSecret(of: ref, to: given)
            #expect(try await catalog.secrets(of: ref)["JWT_SECRET"] == given)
            for bad in [
                "short", "@" + given.reveal(), given.reveal() + "$", given.reveal() + " ", given.reveal() + "ä",
            ] {
                let error = await #expect(throws: CatalogError.self) { () async throws in
                    try await catalog.rotateJWTSecret(of: ref, to: Secret(bad))
                }
                #expect(!"\(String(describing: error))".contains(given.reveal()))
            }
            #expect(try await catalog.secrets(of: ref)["JWT_SECRET"] == given)
        }
    }

    @Test("another database password replaces what uses it")
    func password() async throws {
        try await run { host, catalog, ref async throws in
            let services = try await replaced(host, ref: ref) {
                try await catalog.changeDatabasePassword(of: ref, to: Secret("another-password"))
            }
            #expect(services == [.db])
            #expect(try await catalog.secrets(of: ref)["POSTGRES_PASSWORD"] == Secret("another-password"))
            await #expect(throws: CatalogError.self) {
                try await catalog.changeDatabasePassword(of: ref, to: Secret("with/slash"))
            }
        }
    }

    @Test("a project is renamed, unless the organization has the name")
    func renaming() async throws {
        try await run { host, catalog, ref async throws in
            _ = try await catalog.create(ProjectRequest(name: "second", organizationSlug: "default"))
            #expect(try await catalog.rename(ref, to: "first").name.text == "first")
            #expect(try await catalog.rename(ref, to: "First").name.text == "First")
            await #expect(throws: CatalogError.store(.nameTaken("SECOND"))) {
                try await catalog.rename(ref, to: "SECOND")
            }
            await #expect(throws: CatalogError.badName(.empty)) { try await catalog.rename(ref, to: "") }
        }
    }

    @Test("services are restarted one by one while the others keep running", arguments: UInt64(0)..<6)
    func partialRestart(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed, template: SampleTemplates.configurable) { host in
            try await host.manage { manager in
                let catalog = manager.catalog
                let ref = try await manager.create()
                try await host.wait(for: .active, of: ref)
                func starts() async throws -> [ServiceName: Timestamp?] {
                    let observed = try await host.engine.observe(ref)
                    return Dictionary(observed.containers.compactMap { c in c.service.map { ($0, c.startedAt) } }) {
                        $1
                    }
                }
                try await host.time.sleep(for: .seconds(2))
                let before = try await starts()
                let record = try await catalog.restartServices(of: ref, [.rest, .auth, .rest])
                #expect(record.status == .restarting && record.restartServices == [.auth, .rest])
                #expect(try await catalog.restartServices(of: ref, [.auth]).status == .restarting)
                await #expect {
                    try await catalog.restartServices(of: ref, [.gateway])
                } throws: { error in
                    guard case CatalogError.busy(let operation, status: .restarting, event: .restartRequested) = error
                    else {
                        return false
                    }
                    return operation.kind == .restart
                }
                try await host.wait(for: .active, of: ref)
                let after = try await starts()
                #expect(Set(after.filter { before[$0.key] != $0.value }.keys) == [.auth, .rest])
                await #expect(throws: CatalogError.template(.badSelection("the project has no service vector"))) {
                    try await catalog.restartServices(of: ref, [.vector])
                }
                await #expect(throws: CatalogError.self) { try await catalog.restartServices(of: ref, []) }
                _ = try await catalog.request(.restartRequested, of: ref)
                try await host.wait(for: .active, of: ref)
                let all = try await starts()
                #expect(Set(all.filter { after[$0.key] != $0.value }.keys) == Set(all.keys))
            }
        }
    }
}
