import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// A project with more than one network, from the Compose text to what the engine is asked for.
@Suite("Several networks") struct SeveralNetworksTests {
    private static let services = """
        services:
          db:
            image: i
            networks: {default: {aliases: [postgres]}, inner: {}}
          studio:
            image: i
            networks: [inner]

        """

    @Test("each service joins its networks, and is probed on one with a way out where it has one")
    func attachments() throws {
        let stack = try Rendering.stack(
            Self.services + """
                networks:
                  default:
                    ipam: {config: [{subnet: "${OUTER}"}]}
                  inner:
                    internal: true
                    ipam: {config: [{subnet: "${INNER}"}]}
                x-supamanager:
                  ranges: {OUTER: {first: 0, prefix: 28}, INNER: {first: 16, prefix: 29}}
                """)
        #expect(stack.networks.map(\.composeName) == ["default", "inner"])
        #expect(stack.networks.map(\.subnet.description) == ["10.201.0.64/28", "10.201.0.80/29"])
        #expect(stack.networks.map(\.isInternal) == [false, true])
        let db = try #require(stack.services[.named("db")]).spec.networks
        #expect(db.map(\.network) == ["abcdefghijklmnopqrst_default", "abcdefghijklmnopqrst_inner"])
        #expect(db.map(\.aliases) == [["postgres"], []])
        #expect(stack.services[.named("studio")]?.spec.networks.map(\.network) == ["abcdefghijklmnopqrst_inner"])
    }

    @Test("networks without subnets get equal parts of the project's")
    func equalParts() throws {
        let two = try Rendering.stack(Self.services + "networks: {default: {}, inner: {}}")
        #expect(two.networks.map(\.subnet.description) == ["10.201.0.64/28", "10.201.0.80/28"])
        let three = try Rendering.stack(
            "services: {a: {image: i, networks: [x, y, z]}}\nnetworks: {x: {}, y: {}, z: {}}")
        #expect(three.networks.map(\.subnet.description) == ["10.201.0.64/29", "10.201.0.72/29", "10.201.0.80/29"])
    }

    @Test(
        "subnets that another project would have too, that overlap, or that some have and some have not are refused",
        arguments: [
            ("{default: {ipam: {config: [{subnet: 10.9.0.0/27}]}}, inner: {}}", "within the project's subnet"),
            ("{default: {ipam: {config: [{subnet: \"${SUBNET}\"}]}}, inner: {}}", "networks.inner: has no subnet"),
            (
                "{default: {ipam: {config: [{subnet: \"${SUBNET}\"}]}}, inner: {ipam: {config: [{subnet: \"${SUBNET}\"}]}}}",
                "overlap"
            ),
        ])
    func refused(networks: String, word: String) throws {
        do {
            _ = try Rendering.stack(Self.services + "networks: " + networks)
            Issue.record("\(networks) must be refused")
        } catch { #expect("\(error)".contains(word), "\(error)") }
    }

    @Test(
        "a fixed address cannot belong to another service",
        arguments: [("3", true), ("1", false), ("9", false), ("15", false), ("20", false)])
    func addresses(number: String, isFine: Bool) {
        let text = """
            services: {a: {image: i, networks: {default: {ipv4_address: "${A}"}}}}
            networks: {default: {ipam: {config: [{subnet: "${S}", ip_range: "${R}"}]}}}
            x-supamanager:
              addresses: {A: \(number)}
              ranges: {S: {first: 0, prefix: 28}, R: {first: 8, prefix: 29}}
            """
        let rendered = Result { () throws in try Rendering.stack(text) }
        #expect(((try? rendered.get()) != nil) == isFine, "\(rendered)")
    }

    @Test("five networks are too many")
    func tooMany() {
        #expect(throws: TemplateError.self) {
            try Rendering.stack(
                "services: {a: {image: i, networks: [a, b, c, d, e]}}\nnetworks: {a: {}, b: {}, c: {}, d: {}, e: {}}")
        }
    }
}

extension ServiceName {
    /// A name that is known to be one.
    static func named(_ text: String) -> ServiceName {
        guard let name = ServiceName(text) else { preconditionFailure("\(text) is no service name") }
        return name
    }
}

/// Renders a Compose text as the manager would for one project.
enum Rendering {
    static func stack(
        _ text: String, ref: String = "abcdefghijklmnopqrst", subnet: String = "10.201.0.64/27",
        files: [String: String] = [:]
    ) throws -> DesiredStack {
        let folder = FileManager.default.temporaryDirectory.appending(path: "template-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files.merging(["compose.yaml": text], uniquingKeysWith: { $1 }) {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let renderer = ComposeStackRenderer(
            template: try StackTemplate(folder: folder.path),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil,
                projectsFolder: "/data/projects"))
        let needs = try renderer.requirements(services: nil)
        let now = Timestamp(milliseconds: 0)
        let ports = zip(needs.ports, UInt16(61_000)...).map { ($0, $1) }
        let record = ProjectRecord(
            number: 1, ref: try #require(ProjectRef(ref)), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .provisioning,
            services: needs.services,
            leases: Leases(
                ports: Dictionary(uniqueKeysWithValues: ports), subnet: try #require(IPv4Network(subnet))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
        return try renderer.render(record, values: ProjectValues(secrets: [:]))
    }
}
