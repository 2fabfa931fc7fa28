import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// The template that comes with the project, rendered without an engine.
@Suite("Rendering the Supabase template")
struct ComposeStackRendererTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Templates/supabase"
    private static let twelve = [
        "analytics", "auth", "db", "functions", "gateway", "imgproxy", "meta", "realtime", "rest", "storage", "studio",
        "vector",
    ]

    private func renderer(registry: String? = nil, bind: String = "127.0.0.1") throws -> ComposeStackRenderer {
        ComposeStackRenderer(
            template: try StackTemplate(folder: Self.folder),
            settings: .init(
                bindAddress: bind, publicHost: "127.0.0.1", imageRegistry: registry, projectsFolder: "/data/projects"))
    }

    private func record(_ services: [String], gatewayPort: UInt16 = 61_000) throws -> ProjectRecord {
        let now = Timestamp(milliseconds: 0)
        return ProjectRecord(
            number: 1, ref: try #require(ProjectRef("abcdefghijklmnopqrst")), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .provisioning,
            services: services.compactMap { ServiceName($0) },
            leases: Leases(
                ports: ["GATEWAY_PORT": gatewayPort, "POSTGRES_PORT": 61_001],
                subnet: try #require(IPv4Network("10.201.0.64/27"))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
    }

    /// A value for every secret that the template asks for; the name is part of it, so that it can be found again.
    private func secrets(_ renderer: ComposeStackRenderer) throws -> [String: Secret<String>] {
        let needs = try renderer.requirements(services: nil)
        let names = needs.secrets.map { ($0.name, $0.length) } + needs.tokens.map { ($0.name, 40) }
        return Dictionary(
            uniqueKeysWithValues: names.map { name, length in
                let seed = "S3cret" + name.filter(\.isLetter)
                return (name, Secret(String((seed + String(repeating: "x", count: length)).prefix(length))))
            })
    }

    private func stack(
        _ services: [String], registry: String? = nil, gatewayPort: UInt16 = 61_000, bind: String = "127.0.0.1"
    ) throws -> DesiredStack {
        let renderer = try renderer(registry: registry, bind: bind)
        return try renderer.render(record(services, gatewayPort: gatewayPort), secrets: secrets(renderer))
    }

    @Test("without a selection a project has the twelve services, and needs the two published ports")
    func defaults() throws {
        let needs = try renderer().requirements(services: nil)
        #expect(needs.services.map(\.text) == Self.twelve)
        #expect(needs.ports == ["GATEWAY_PORT", "POSTGRES_PORT"])
        #expect(needs.tokens.map(\.role) == ["anon", "service_role"])
        let lengths = Dictionary(uniqueKeysWithValues: needs.secrets.map { ($0.name, $0.length) })
        #expect(
            lengths["REALTIME_DB_ENC_KEY"] == 16 && lengths["VAULT_ENC_KEY"] == 32 && lengths["SECRET_KEY_BASE"] == 64)
        #expect((lengths["JWT_SECRET"] ?? 0) >= 32)
    }

    @Test("a selection needs only the ports that it publishes, the pooler's own included")
    func selections() throws {
        let renderer = try renderer()
        #expect(try renderer.requirements(services: ["imgproxy"]).ports == [])
        #expect(
            try renderer.requirements(services: ["db", "auth", "gateway"]).ports == ["GATEWAY_PORT", "POSTGRES_PORT"])
        #expect(
            try renderer.requirements(services: ["db", "pooler"]).ports
                == ["POOLER_SESSION_PORT", "POOLER_TRANSACTION_PORT", "POSTGRES_PORT"])
    }

    @Test("a project is reached at its gateway, in brackets where the host is an IPv6 address, or nowhere")
    func endpoints() throws {
        func endpoint(_ host: String, _ ports: [String: UInt16]) throws -> String? {
            let renderer = ComposeStackRenderer(
                template: try StackTemplate(folder: Self.folder),
                settings: .init(bindAddress: "0.0.0.0", publicHost: host, imageRegistry: nil, projectsFolder: "/data"))
            let subnet = try #require(IPv4Network("10.201.0.64/27"))
            return renderer.endpoint(of: Leases(ports: ports, subnet: subnet))?.url
        }
        #expect(try endpoint("::1", ["GATEWAY_PORT": 63_892]) == "http://[::1]:63892")
        #expect(try endpoint("example.com", ["GATEWAY_PORT": 1]) == "http://example.com:1")
        #expect(try endpoint("example.com", ["POSTGRES_PORT": 1]) == nil)
    }

    @Test(
        "an impossible selection is refused with a reason",
        arguments: [(["auth"], "db"), (["db", "nonsense"], "nonsense"), ([], "empty")] as [([String], String)])
    func refusedSelections(services: [String], word: String) throws {
        let renderer = try renderer()
        do {
            _ = try renderer.requirements(services: services)
            Issue.record("\(services) must be refused")
        } catch {
            guard case .badSelection(let text) = error else {
                Issue.record("\(error) is not about the selection")
                return
            }
            #expect(text.contains(word))
        }
    }

    @Test("names are Compose's, the networks share the leased subnet, and only gateway and database are published")
    func names() throws {
        let stack = try stack(Self.twelve)
        #expect(stack.networks.map(\.name) == ["abcdefghijklmnopqrst_admin", "abcdefghijklmnopqrst_default"])
        let (admin, network) = (stack.networks[0], stack.networks[1])
        #expect(network.subnet == IPv4Network("10.201.0.64/28") && admin.subnet == IPv4Network("10.201.0.80/28"))
        #expect(network.gateway == IPv4Address("10.201.0.65") && admin.gateway == IPv4Address("10.201.0.81"))
        #expect(network.addressRange == IPv4Network("10.201.0.72/31"))
        #expect(admin.addressRange == IPv4Network("10.201.0.88/29"))
        for service in stack.services.values {
            let isAlone = ["meta", "studio"].contains(service.name.text)
            let isThere = isAlone || ["db", "gateway", "analytics"].contains(service.name.text)
            let expected = (isThere ? [admin.name] : []) + (isAlone ? [] : [network.name])
            #expect(service.spec.networks.map(\.network) == expected, "\(service.name)")
        }
        #expect(stack.volumes["abcdefghijklmnopqrst_db-data"]?.composeName == "db-data")
        for service in stack.services.values {
            #expect(service.containerName == "abcdefghijklmnopqrst-\(service.name)-1")
            #expect(service.probe != nil, "\(service.name) has no probe")
            #expect(service.spec.resources.memoryBytes != nil, "\(service.name) has no memory limit")
            #expect(service.spec.logging != nil, "\(service.name) logs without limits")
        }
        let published = stack.services.values.flatMap { service in service.spec.ports.map { (service.name.text, $0) } }
        #expect(Set(published.map(\.0)) == ["db", "gateway"])
        #expect(published.allSatisfy { $0.1.hostAddress == "127.0.0.1" })
        #expect(Set(published.map(\.1.hostPort)) == [61_000, 61_001])
    }

    @Test("binds stay inside the project's folder and are read-only, and fixed addresses differ and lie in the subnet")
    func containment() throws {
        let stack = try stack(Self.twelve)
        for service in stack.services.values {
            for mount in service.spec.mounts {
                guard case .bind(let path) = mount.source else { continue }
                #expect(path.hasPrefix("/data/projects/abcdefghijklmnopqrst/volumes/") && !path.contains(".."))
                #expect(mount.isReadOnly)
            }
        }
        let places = stack.services.values.flatMap(\.spec.networks)
        let addresses = places.compactMap(\.address)
        #expect(addresses.count == Self.twelve.count + 3 && Set(addresses).count == addresses.count)
        for place in places {
            let network = try #require(stack.networks.first { $0.name == place.network })
            let dynamic = try #require(network.addressRange)
            let one = try #require(place.address.flatMap { IPv4Network(containing: $0, prefixLength: 32) })
            #expect(one.overlaps(network.subnet) && !one.overlaps(dynamic))
        }
    }

    @Test("secrets reach containers as environment only: no label, command, log option, file or description holds one")
    func secrecy() throws {
        let stack = try stack(Self.twelve)
        var carriers = 0
        for service in stack.services.values {
            var open = service
            if open.spec.environment.reveal().values.contains(where: { $0.contains("S3cret") }) { carriers += 1 }
            open.spec.environment = Secret([:])
            open.probe = nil
            #expect(!String(reflecting: open.spec).contains("S3cret"), "\(service.name)")
        }
        #expect(carriers >= 10)
        #expect(stack.files.isEmpty)
        #expect(!"\(stack.services)".contains("POSTGRES_PASSWORD=S3cret"))
    }

    @Test("a fingerprint changes with what its container is made of, and with nothing else")
    func fingerprints() throws {
        let before = try stack(Self.twelve).services.mapValues(\.configHash)
        #expect(try stack(Self.twelve).services.mapValues(\.configHash) == before)
        let moved = try stack(Self.twelve, gatewayPort: 62_000).services.mapValues(\.configHash)
        let changed = Set(before.filter { moved[$0.key] != $0.value }.keys.map(\.text))
        #expect(changed.contains("gateway") && !changed.contains("db") && !changed.contains("rest"))
        let mirrored = try stack(Self.twelve, registry: "mirror.example/x").services.mapValues(\.configHash)
        #expect(before.allSatisfy { mirrored[$0.key] != $0.value })
    }

    @Test("a changed file of the template changes the fingerprint of the services that mount it only")
    func fileFingerprints() throws {
        let base = FileManager.default.temporaryDirectory.appending(path: "template-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        try FileManager.default.copyItem(atPath: Self.folder, toPath: base.path)
        func hashes() throws -> [ServiceName: String] {
            let renderer = ComposeStackRenderer(
                template: try StackTemplate(folder: base.path),
                settings: .init(
                    bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil,
                    projectsFolder: "/data/projects"))
            return try renderer.render(record(Self.twelve), secrets: secrets(renderer)).services.mapValues(\.configHash)
        }
        let before = try hashes()
        let file = base.appending(path: "volumes/api/gateway.lua")
        try (Data(contentsOf: file) + Data("-- changed".utf8)).write(to: file)
        let after = try hashes()
        #expect(before.filter { after[$0.key] != $0.value }.keys.map(\.text) == ["gateway"])
    }

    @Test("a registry prefix stands before every image")
    func registry() throws {
        let stack = try stack(["db", "gateway"], registry: "mirror.example/x")
        #expect(stack.services.values.allSatisfy { $0.spec.image.hasPrefix("mirror.example/x/") })
    }

    @Test("without vector the others log to the engine's own store, with a size limit")
    func withoutCollector() throws {
        let small = try stack(["db", "gateway", "auth"])
        #expect(small.services.values.allSatisfy { $0.spec.logging?.driver == "local" })
        #expect(small.services.values.allSatisfy { $0.spec.logging?.options["max-size"] != nil })
        #expect(small.services[try #require(ServiceName("auth"))]?.dependencies.map(\.service.text) == ["db"])
    }

    @Test("the tag of the database's image tells its version")
    func version() throws {
        let tag = try #require(try StackTemplate(folder: Self.folder).roles.databaseVersion)
        #expect(tag.hasPrefix("17."))
    }
}
